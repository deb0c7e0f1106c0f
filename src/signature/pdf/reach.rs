//! Objects of a revision and how they hang together: what refers to what, what can be shown, what part it plays.

use std::collections::{BTreeMap, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::attack::Attack;
use super::changes::{Change, Difference};
use super::permissions::Permissions;
use super::revision::Revision;

/// Streams that only say where objects lie.
pub(super) fn is_structure(object: &Object) -> bool {
    object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"XRef") || stream.dict.has_type(b"ObjStm"))
}

/// How often each object is referred to.
pub(super) fn references(revision: &Revision) -> BTreeMap<ObjectId, usize> {
    let mut counts = BTreeMap::new();
    for object in revision.document.objects.values().filter(|object| !is_structure(object)) {
        each_reference(object, &mut |id| *counts.entry(id).or_default() += 1);
    }
    counts
}

fn each_reference(object: &Object, found: &mut impl FnMut(ObjectId)) {
    match object {
        Object::Reference(id) => found(*id),
        Object::Array(items) => items.iter().for_each(|item| each_reference(item, found)),
        Object::Dictionary(dictionary) => dictionary.iter().for_each(|(_, value)| each_reference(value, found)),
        Object::Stream(stream) => stream.dict.iter().for_each(|(_, value)| each_reference(value, found)),
        _ => {}
    }
}

/// Objects that the trailer leads to.
pub(super) fn reachable(revision: &Revision) -> HashSet<ObjectId> {
    let mut seen = HashSet::new();
    let mut waiting = Vec::new();
    for (_, value) in &revision.document.trailer {
        each_reference(value, &mut |id| waiting.push(id));
    }
    while let Some(id) = waiting.pop() {
        if seen.insert(id)
            && let Some(object) = revision.document.objects.get(&id)
        {
            each_reference(object, &mut |id| waiting.push(id));
        }
    }
    seen
}

/// The parts objects play that a name of an attack depends on.
#[derive(Debug, Default)]
pub(super) struct Roles {
    contents: HashSet<ObjectId>,
    annotations: HashSet<ObjectId>,
    /// Appearances of annotations and fields, with the annotation each belongs to.
    appearances: BTreeMap<ObjectId, ObjectId>,
}

impl Roles {
    pub fn of(revision: &Revision) -> Self {
        let mut roles = Self::default();
        for page in revision.document.page_iter() {
            let Some(page) = revision.dictionary(page) else { continue };
            if let Ok(contents) = page.get(b"Contents") {
                each_reference(contents, &mut |id| {
                    roles.contents.insert(id);
                });
                if let Some(parts @ Object::Array(_)) = revision.follow(contents) {
                    each_reference(parts, &mut |id| {
                        roles.contents.insert(id);
                    });
                }
            }
            if let Some(list @ Object::Array(_)) = revision.entry(page, b"Annots") {
                each_reference(list, &mut |id| {
                    roles.annotations.insert(id);
                });
            }
        }
        for annotation in &roles.annotations {
            let Some(look) = revision.dictionary(*annotation).and_then(|annotation| annotation.get(b"AP").ok()) else { continue };
            let mut belongs = |id| {
                roles.appearances.insert(id, *annotation);
            };
            each_reference(look, &mut belongs);
            let states = revision.follow(look).and_then(|states| states.as_dict().ok());
            for (_, state) in states.into_iter().flatten() {
                each_reference(state, &mut belongs);
                if let Some(state @ Object::Dictionary(_)) = revision.follow(state) {
                    each_reference(state, &mut belongs);
                }
            }
        }
        roles
    }

    /// The annotation or field whose look the object is.
    pub fn owner(&self, id: ObjectId) -> Option<ObjectId> {
        self.appearances.get(&id).copied()
    }

    /// Whether the object is one that lies over others: an annotation, its look, an image or a form.
    pub fn covers(&self, id: ObjectId, object: &Object) -> bool {
        let is_drawn = object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"XObject") || stream.dict.has(b"Subtype"));
        self.annotations.contains(&id) || self.appearances.contains_key(&id) || is_drawn
    }

    /// What it means that the object now is another.
    pub fn replaced(&self, id: ObjectId, before: &Object, permissions: &Permissions) -> Difference {
        let number = id.0;
        if self.annotations.contains(&id) {
            let attack = if permissions.is_certified { Attack::EvilAnnotation } else { Attack::IncrementalSaving };
            return Difference {
                change: Change::Annotations,
                attack: Some(attack),
                detail: format!("the annotation in object {number} was changed"),
            };
        }
        let dictionary = match before {
            Object::Stream(stream) => Some(&stream.dict),
            other => other.as_dict().ok(),
        };
        let is_font = dictionary.is_some_and(|dictionary| {
            dictionary.has_type(b"Font")
                || dictionary.has_type(b"FontDescriptor")
                || dictionary.has(b"Length1")
                || dictionary.has(b"BaseFont")
        });
        if is_font {
            return Difference::other(Attack::ShadowReplace, format!("the font in object {number} was changed"));
        }
        if self.contents.contains(&id) {
            return Difference::other(Attack::IncrementalSaving, format!("the content in object {number} was changed"));
        }
        if self.covers(id, before) {
            return Difference::other(Attack::ShadowReplace, format!("the image or look in object {number} was changed"));
        }
        Difference::other(Attack::IncrementalSaving, format!("object {number} was changed"))
    }
}

/// Keys whose values differ.
pub(super) fn differing(before: &Dictionary, after: &Dictionary) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for (key, value) in before {
        if !after.get(key).is_ok_and(|other| same(value, other)) {
            keys.push(key.clone());
        }
    }
    keys.extend(after.iter().filter(|(key, _)| !before.has(key)).map(|(key, _)| key.clone()));
    keys
}

/// Equal in meaning: how a string was written and where a stream lay do not count.
pub(super) fn same(one: &Object, other: &Object) -> bool {
    match (one, other) {
        (Object::String(one, _), Object::String(other, _)) => one == other,
        (Object::Array(one), Object::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Object::Dictionary(one), Object::Dictionary(other)) => differing(one, other).is_empty(),
        (Object::Stream(one), Object::Stream(other)) => {
            one.content == other.content && differing(&one.dict, &other.dict).iter().all(|key| key == b"Length")
        }
        (one, other) => one == other,
    }
}

//! What one revision changed in another, object by object, against a list of what signing may change.
//!
//! Both revisions are looked at as readers resolve them. Whatever is not on the list is forbidden: pages, content, fonts,
//! annotations other than signature fields, and objects that older ones were already waiting for (shadow attacks).

use std::collections::{BTreeMap, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::revision::Revision;

/// Phrases for every change from `old` to `new` that signing does not explain; empty when there is none.
pub(super) fn forbidden(old: &Revision, new: &Revision) -> Vec<String> {
    let comparison = Comparison::new(old, new);
    comparison.run()
}

/// Whether `new` has validation data (`/DSS`, EN 319 142-1 §5.4.2) that `old` has not.
pub(super) fn adds_validation_data(old: &Revision, new: &Revision) -> bool {
    let data = |revision: &Revision| revision.entry(&revision.catalog(), b"DSS").cloned();
    let added = data(new);
    added.is_some() && added != data(old)
}

struct Comparison<'a> {
    old: &'a Revision,
    new: &'a Revision,
    /// How often each object is referred to in the old revision.
    references: BTreeMap<ObjectId, usize>,
    /// Signature fields of the old revision that were empty.
    empty_fields: Vec<ObjectId>,
    /// Signature fields and their widgets in the new revision.
    new_widgets: HashSet<ObjectId>,
    pages: HashSet<ObjectId>,
    /// Arrays that may grow: the form's fields and the pages' annotations, where they are objects of their own.
    growing: HashSet<ObjectId>,
    metadata: HashSet<ObjectId>,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Revision, new: &'a Revision) -> Self {
        let mut references = BTreeMap::new();
        for object in old.document.objects.values().filter(|object| !is_structure(object)) {
            count(object, &mut references);
        }
        let fields = old.signature_fields().unwrap_or_default();
        let new_fields = new.signature_fields().unwrap_or_default();
        let mut new_widgets: HashSet<ObjectId> = new_fields.iter().map(|field| field.id).collect();
        for field in &new_fields {
            let kids = new.dictionary(field.id).and_then(|field| field.get(b"Kids").ok()).and_then(|kids| kids.as_array().ok());
            new_widgets.extend(kids.into_iter().flatten().filter_map(|kid| kid.as_reference().ok()));
        }
        let pages: HashSet<ObjectId> = old.document.page_iter().collect();
        let mut growing = HashSet::new();
        if let Some(Ok(Object::Reference(id))) = old.form().map(|form| form.get(b"Fields")) {
            growing.insert(*id);
        }
        for page in &pages {
            if let Some(Ok(Object::Reference(id))) = old.dictionary(*page).map(|page| page.get(b"Annots")) {
                growing.insert(*id);
            }
        }
        let mut comparison = Self {
            old,
            new,
            references,
            empty_fields: fields.iter().filter(|field| field.value.is_none()).map(|field| field.id).collect(),
            new_widgets,
            pages,
            growing,
            metadata: HashSet::new(),
        };
        comparison.metadata = comparison.metadata_objects();
        comparison
    }

    /// Objects that describe and are never shown: the information dictionary, the catalog's metadata, validation data.
    fn metadata_objects(&self) -> HashSet<ObjectId> {
        let mut found = HashSet::new();
        let times = |id: &ObjectId| self.references.get(id).copied().unwrap_or(0);
        if let Ok(Object::Reference(id)) = self.old.document.trailer.get(b"Info")
            && times(id) == 0
        {
            found.insert(*id);
        }
        let catalog = self.old.catalog();
        for key in [&b"Metadata"[..], b"DSS", b"Extensions"] {
            if let Ok(Object::Reference(id)) = catalog.get(key)
                && times(id) == 1
            {
                found.insert(*id);
            }
        }
        found
    }

    fn run(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        // Some programs write the changed catalog as a new object.
        if self.old.catalog_id() != self.new.catalog_id() {
            reasons.extend(self.catalog().err());
        }
        if forbids_all_changes(self.old) {
            reasons.push("its author allowed no changes".to_owned());
        }
        for (id, before) in &self.old.document.objects {
            if is_structure(before) {
                continue;
            }
            match self.new.document.objects.get(id) {
                None => reasons.push(format!("object {} was removed", id.0)),
                Some(after) if same(before, after) => {}
                Some(after) => reasons.extend(self.changed(*id, before, after).err()),
            }
        }
        for id in self.new.document.objects.keys() {
            if !self.old.document.objects.contains_key(id) && self.references.contains_key(id) {
                reasons.push(format!("object {}, referred to before it existed, was added", id.0));
            }
        }
        reasons
    }

    /// Whether signing explains the change; else the phrase that says what changed.
    fn changed(&self, id: ObjectId, before: &Object, after: &Object) -> Result<(), String> {
        if self.metadata.contains(&id) && !self.pages.contains(&id) {
            return Ok(());
        }
        if Some(id) == self.old.catalog_id() {
            return self.catalog();
        }
        let other = || Err(format!("object {} was changed", id.0));
        if self.growing.contains(&id) {
            return if self.grew(Some(before), Some(after)) { Ok(()) } else { other() };
        }
        let (Ok(before), Ok(after)) = (before.as_dict(), after.as_dict()) else { return other() };
        if self.pages.contains(&id) {
            let annotations = |page: &Dictionary| page.get(b"Annots").ok().cloned();
            let explained = differing(before, after).iter().all(|key| key == b"Annots")
                && self.grew_through(self.old, annotations(before).as_ref(), annotations(after).as_ref());
            return if explained { Ok(()) } else { Err("a page was changed".to_owned()) };
        }
        if self.empty_fields.contains(&id) {
            let filled = [&b"V"[..], b"AP", b"M", b"DA", b"MK"];
            return if differing(before, after).iter().all(|key| filled.contains(&key.as_slice())) { Ok(()) } else { other() };
        }
        let form_id = self.old.catalog().get(b"AcroForm").and_then(Object::as_reference).ok();
        if form_id == Some(id) {
            return self.form(before, after);
        }
        other()
    }

    fn catalog(&self) -> Result<(), String> {
        let (before, after) = (self.old.catalog(), self.new.catalog());
        for key in differing(&before, &after) {
            match key.as_slice() {
                b"DSS" | b"Extensions" | b"Metadata" | b"Version" => {}
                b"AcroForm" => {
                    let empty = Dictionary::new();
                    self.form(self.old.form().unwrap_or(&empty), self.new.form().unwrap_or(&empty))?;
                }
                other => return Err(format!("{} of the catalog was changed", String::from_utf8_lossy(other))),
            }
        }
        Ok(())
    }

    fn form(&self, before: &Dictionary, after: &Dictionary) -> Result<(), String> {
        for key in differing(before, after) {
            let explained = match key.as_slice() {
                b"Fields" => self.grew_through(self.old, before.get(b"Fields").ok(), after.get(b"Fields").ok()),
                b"SigFlags" => true,
                b"DR" | b"DA" => !before.has(&key),
                _ => false,
            };
            if !explained {
                return Err(format!("{} of the form was changed", String::from_utf8_lossy(&key)));
            }
        }
        Ok(())
    }

    fn grew_through(&self, old: &Revision, before: Option<&Object>, after: Option<&Object>) -> bool {
        self.grew(before.and_then(|object| old.follow(object)), after.and_then(|object| self.new.follow(object)))
    }

    /// Whether `after` is `before` with signature fields added at its end.
    fn grew(&self, before: Option<&Object>, after: Option<&Object>) -> bool {
        let items = |object: Option<&Object>| match object {
            None | Some(Object::Null) => Some(Vec::new()),
            Some(Object::Array(items)) => Some(items.clone()),
            Some(_) => None,
        };
        let (Some(before), Some(after)) = (items(before), items(after)) else { return false };
        let Some((kept, added)) = after.split_at_checked(before.len()) else { return false };
        let is_kept = kept.iter().zip(&before).all(|(one, other)| same(one, other));
        is_kept && added.iter().all(|item| self.is_new_signature_widget(item))
    }

    fn is_new_signature_widget(&self, item: &Object) -> bool {
        let Ok(id) = item.as_reference() else { return false };
        // A widget that existed may not be moved into sight by a later revision unless it was a field waiting to be signed.
        let is_new = !self.old.document.objects.contains_key(&id) || self.empty_fields.contains(&id);
        is_new && self.new_widgets.contains(&id)
    }
}

/// A certification that forbids every change (DocMDP with P 1).
fn forbids_all_changes(revision: &Revision) -> bool {
    let catalog = revision.catalog();
    let Some(Object::Dictionary(permissions)) = revision.entry(&catalog, b"Perms") else { return false };
    let Some(Object::Dictionary(signature)) = revision.entry(permissions, b"DocMDP") else { return false };
    let Some(Object::Array(references)) = revision.entry(signature, b"Reference") else { return false };
    references.iter().filter_map(|reference| revision.follow(reference)?.as_dict().ok()).any(|reference| {
        let parameters = revision.entry(reference, b"TransformParams").and_then(|parameters| parameters.as_dict().ok());
        matches!(parameters.map(|parameters| parameters.get(b"P")), Some(Ok(Object::Integer(1))))
    })
}

/// Streams that only say where objects lie.
fn is_structure(object: &Object) -> bool {
    object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"XRef") || stream.dict.has_type(b"ObjStm"))
}

fn count(object: &Object, references: &mut BTreeMap<ObjectId, usize>) {
    match object {
        Object::Reference(id) => *references.entry(*id).or_default() += 1,
        Object::Array(items) => items.iter().for_each(|item| count(item, references)),
        Object::Dictionary(dictionary) => dictionary.iter().for_each(|(_, value)| count(value, references)),
        Object::Stream(stream) => stream.dict.iter().for_each(|(_, value)| count(value, references)),
        _ => {}
    }
}

/// Keys whose values differ.
fn differing(before: &Dictionary, after: &Dictionary) -> Vec<Vec<u8>> {
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
fn same(one: &Object, other: &Object) -> bool {
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

//! What one revision changed in another, object by object, against a list of what signing may change.
//!
//! Both revisions are looked at as readers resolve them. Whatever is not on the list is told with its class and, where it
//! has one, the name of the attack: pages, content, fonts, annotations, and what older objects were already waiting for.

use std::collections::{BTreeMap, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::permissions::Permissions;
use super::reach::{Roles, differing, is_structure, reachable, references, same};
use super::revision::Revision;
use super::{active, attack::Attack, permissions};

/// How much a later revision changed, as pyHanko and others class it; signing explains the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    FormFill,
    Annotations,
    Other,
}

impl Change {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FormFill => "form-fill",
            Self::Annotations => "annotations",
            Self::Other => "other",
        }
    }
}

/// A quarter of an A4 page, in square thousandths of a point.
const LARGE: i64 = 595_000 * 842_000 / 4;

/// One change that neither signing nor validation data explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub change: Change,
    /// `None` for what the signed document itself allows and only the gateway's rule does not.
    pub attack: Option<Attack>,
    pub detail: String,
}

impl Difference {
    pub fn other(attack: Attack, detail: impl Into<String>) -> Self {
        Self { change: Change::Other, attack: Some(attack), detail: detail.into() }
    }
}

/// Every change from `old` to `new` that signing does not explain; empty when there is none.
pub(super) fn forbidden(old: &Revision, new: &Revision) -> Vec<Difference> {
    Comparison::new(old, new).run()
}

/// Whether `new` has validation data (`/DSS`, EN 319 142-1 §5.4.2) that `old` has not.
pub(super) fn adds_validation_data(old: &Revision, new: &Revision) -> bool {
    let data = |revision: &Revision| revision.entry(&revision.catalog(), b"DSS").cloned();
    let added = data(new);
    added.is_some() && (added != data(old) || old.catalog().get(b"DSS").ok() != new.catalog().get(b"DSS").ok())
}

struct Comparison<'a> {
    old: &'a Revision,
    new: &'a Revision,
    permissions: Permissions,
    roles: Roles,
    /// How often each object is referred to in the old revision.
    references: BTreeMap<ObjectId, usize>,
    /// Objects the old revision could show, and those the new one can.
    old_reach: HashSet<ObjectId>,
    new_reach: HashSet<ObjectId>,
    /// Whether the old revision has a signature.
    is_signed: bool,
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
            permissions: Permissions::of(old),
            roles: Roles::of(old),
            references: references(old),
            old_reach: reachable(old),
            new_reach: reachable(new),
            is_signed: fields.iter().any(|field| field.value.is_some()),
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
        let data = self.old.entry(&catalog, b"DSS").and_then(|data| data.as_dict().ok());
        for key in [&b"Certs"[..], b"CRLs", b"OCSPs", b"VRI"] {
            if let Some(Ok(Object::Reference(id))) = data.map(|data| data.get(key))
                && times(id) == 1
            {
                found.insert(*id);
            }
        }
        found
    }

    fn run(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        // Some programs write the changed catalog as a new object.
        if self.old.catalog_id() != self.new.catalog_id() {
            found.extend(self.catalog().err());
        }
        if self.permissions.allows_nothing() {
            found.push(Difference::other(Attack::IncrementalSaving, "its author allowed no changes"));
        }
        for (id, before) in &self.old.document.objects {
            if is_structure(before) {
                continue;
            }
            match self.new.document.objects.get(id) {
                None if self.old_reach.contains(id) => found.push(self.removed(*id, before)),
                None => {}
                Some(after) if same(before, after) => {}
                Some(after) => found.extend(self.changed(*id, before, after).err()),
            }
        }
        for (id, after) in &self.new.document.objects {
            let is_new = !self.old.document.objects.contains_key(id);
            if is_new && self.references.contains_key(id) {
                let detail = format!("object {}, referred to before it existed, was added", id.0);
                found.push(Difference::other(Attack::ShadowHideAndReplace, detail));
            }
            let was_hidden = !is_new && !self.old_reach.contains(id) && self.new_reach.contains(id);
            if was_hidden && !is_structure(after) && !self.empty_fields.contains(id) {
                let detail = format!("object {}, which was there and not in use, is in use now", id.0);
                found.push(Difference::other(Attack::ShadowHideAndReplace, detail));
            }
        }
        found.extend(self.sneaky_fields());
        found.sort_by_key(|difference| std::cmp::Reverse((difference.change, difference.attack.is_some())));
        found
    }

    fn removed(&self, id: ObjectId, before: &Object) -> Difference {
        let attack = if self.roles.covers(id, before) { Attack::ShadowHide } else { Attack::IncrementalSaving };
        Difference::other(attack, format!("object {} was removed", id.0))
    }

    /// New signature fields that show something and sign nothing, or that cover much of a page.
    fn sneaky_fields(&self) -> Option<Difference> {
        let fields = self.new.signature_fields().unwrap_or_default();
        for field in fields.iter().filter(|field| !self.old.document.objects.contains_key(&field.id)) {
            let Some(dictionary) = self.new.dictionary(field.id) else { continue };
            let is_seen = dictionary.has(b"AP");
            let Some([left, bottom, right, top]) = active::rectangle(self.new, dictionary) else { continue };
            let area = right.saturating_sub(left).saturating_mul(top.saturating_sub(bottom));
            if area > 0 && is_seen && (field.value.is_none() || area > LARGE) {
                let detail = format!("the signature field {} covers the page", field.name);
                return Some(Difference::other(Attack::SneakySignature, detail));
            }
        }
        None
    }

    /// Whether signing explains the change; else what changed.
    fn changed(&self, id: ObjectId, before: &Object, after: &Object) -> Result<(), Difference> {
        if self.metadata.contains(&id) && !self.pages.contains(&id) {
            return Ok(());
        }
        if Some(id) == self.old.catalog_id() {
            return self.catalog();
        }
        let other = || Err(self.roles.replaced(id, before, &self.permissions));
        if self.growing.contains(&id) {
            return if self.grew(Some(before), Some(after)) {
                Ok(())
            } else {
                Err(self.annotations_changed(Some(before), Some(after)))
            };
        }
        if let Some(owner) = self.roles.owner(id) {
            return self.look(id, owner, before);
        }
        let (Ok(before_dictionary), Ok(after)) = (before.as_dict(), after.as_dict()) else { return other() };
        if self.pages.contains(&id) {
            return self.page(before_dictionary, after);
        }
        if self.empty_fields.contains(&id) {
            let filled = [&b"V"[..], b"AP", b"M", b"DA", b"MK"];
            let is_filled = differing(before_dictionary, after).iter().all(|key| filled.contains(&key.as_slice()));
            let signs = after.has(b"V");
            return match (is_filled, signs) {
                (true, true) => Ok(()),
                _ => {
                    Err(Difference::other(Attack::SneakySignature, format!("the signature field in object {} was changed", id.0)))
                }
            };
        }
        let form_id = self.old.catalog().get(b"AcroForm").and_then(Object::as_reference).ok();
        if form_id == Some(id) {
            return self.form(before_dictionary, after);
        }
        if let Some(difference) = self.permissions.field_changed(self.old, id, before_dictionary, after) {
            return Err(difference);
        }
        if let Some(Object::Array(kids)) = self.new.entry(after, b"Kids").filter(|_| before_dictionary.has_type(b"Pages")) {
            let brings_hidden = kids
                .iter()
                .filter_map(|kid| kid.as_reference().ok())
                .any(|kid| self.old.document.objects.contains_key(&kid) && !self.old_reach.contains(&kid));
            let attack = if brings_hidden { Attack::ShadowHideAndReplace } else { Attack::IncrementalSaving };
            return Err(Difference::other(attack, "the pages were changed"));
        }
        other()
    }

    /// The look of the field `owner` was redrawn: as it was signed or filled in, or to show something else.
    fn look(&self, id: ObjectId, owner: ObjectId, before: &Object) -> Result<(), Difference> {
        let is_own = self.references.get(&id) == Some(&1);
        let after = self.new.dictionary(owner);
        if is_own && self.empty_fields.contains(&owner) && after.is_some_and(|field| field.has(b"V")) {
            return Ok(());
        }
        let value = |revision: &Revision| permissions::value(revision, owner).cloned();
        let (old, new) = (value(self.old), value(self.new));
        let is_filled = new.is_some() && old != new;
        match self.old.dictionary(owner).filter(|_| is_filled && is_own) {
            Some(field) => Err(self.permissions.filled(self.old, field)),
            None => Err(self.roles.replaced(id, before, &self.permissions)),
        }
    }

    fn page(&self, before: &Dictionary, after: &Dictionary) -> Result<(), Difference> {
        for key in differing(before, after) {
            match key.as_slice() {
                b"Annots" => {
                    let (before, after) = (before.get(b"Annots").ok(), after.get(b"Annots").ok());
                    if !self.grew_through(before, after) {
                        let before = before.and_then(|list| self.old.follow(list));
                        return Err(self.annotations_changed(before, after.and_then(|list| self.new.follow(list))));
                    }
                }
                b"Contents" => {
                    let count = |revision: &Revision, page: &Dictionary| match revision.entry(page, b"Contents") {
                        Some(Object::Array(parts)) => parts.len(),
                        Some(Object::Stream(_)) => 1,
                        _ => 0,
                    };
                    let is_less = count(self.new, after) < count(self.old, before);
                    let attack = if is_less { Attack::ShadowHide } else { Attack::IncrementalSaving };
                    return Err(Difference::other(attack, "the content of a page was changed"));
                }
                b"Resources" => return Err(Difference::other(Attack::ShadowReplace, "fonts or images of a page were changed")),
                // The order of the keyboard, which some programs write when they add a field.
                b"Tabs" if !before.has(b"Tabs") => {}
                _ => return Err(Difference::other(Attack::IncrementalSaving, "a page was changed")),
            }
        }
        Ok(())
    }

    fn annotations_changed(&self, before: Option<&Object>, after: Option<&Object>) -> Difference {
        let (before, after) = (items(before).unwrap_or_default(), items(after).unwrap_or_default());
        // Looking for each in all is only for lists of honest length.
        let is_short = before.len().saturating_mul(after.len()) <= 1_000_000;
        let is_kept = is_short && before.iter().all(|one| after.iter().any(|other| same(one, other)));
        if !is_kept {
            return Difference {
                change: Change::Annotations,
                attack: Some(Attack::ShadowHide),
                detail: "an annotation was removed".to_owned(),
            };
        }
        let attack = if self.permissions.is_certified { Attack::EvilAnnotation } else { Attack::IncrementalSaving };
        Difference { change: Change::Annotations, attack: Some(attack), detail: "an annotation was added".to_owned() }
    }

    fn catalog(&self) -> Result<(), Difference> {
        let (before, after) = (self.old.catalog(), self.new.catalog());
        for key in differing(&before, &after) {
            match key.as_slice() {
                b"DSS" | b"Extensions" | b"Metadata" | b"Version" => {}
                // The first signature may certify (ISO 32000-1 §12.8.4).
                b"Perms" if !before.has(b"Perms") && !self.is_signed => {}
                b"AcroForm" => {
                    let empty = Dictionary::new();
                    self.form(self.old.form().unwrap_or(&empty), self.new.form().unwrap_or(&empty))?;
                }
                b"Pages" => return Err(Difference::other(Attack::ShadowHideAndReplace, "the catalog names other pages")),
                other => {
                    let detail = format!("{} of the catalog was changed", String::from_utf8_lossy(other));
                    return Err(Difference::other(Attack::IncrementalSaving, detail));
                }
            }
        }
        Ok(())
    }

    fn form(&self, before: &Dictionary, after: &Dictionary) -> Result<(), Difference> {
        for key in differing(before, after) {
            let explained = match key.as_slice() {
                b"Fields" => self.grew_through(before.get(b"Fields").ok(), after.get(b"Fields").ok()),
                b"SigFlags" => true,
                b"DR" | b"DA" => !before.has(&key),
                _ => false,
            };
            if !explained {
                let attack = if key == b"DR" { Attack::ShadowReplace } else { Attack::IncrementalSaving };
                return Err(Difference::other(attack, format!("{} of the form was changed", String::from_utf8_lossy(&key))));
            }
        }
        Ok(())
    }

    fn grew_through(&self, before: Option<&Object>, after: Option<&Object>) -> bool {
        self.grew(before.and_then(|object| self.old.follow(object)), after.and_then(|object| self.new.follow(object)))
    }

    /// Whether `after` is `before`, in its order, with nothing but signature fields among it.
    fn grew(&self, before: Option<&Object>, after: Option<&Object>) -> bool {
        let (Some(before), Some(after)) = (items(before), items(after)) else { return false };
        let mut kept = before.iter().peekable();
        for item in &after {
            if kept.peek().is_some_and(|next| same(next, item)) {
                kept.next();
            } else if !self.is_new_signature_widget(item) {
                return false;
            }
        }
        kept.peek().is_none()
    }

    fn is_new_signature_widget(&self, item: &Object) -> bool {
        let Ok(id) = item.as_reference() else { return false };
        // A widget that existed may not be moved into sight by a later revision unless it was a field waiting to be signed.
        let is_new = !self.old.document.objects.contains_key(&id) || self.empty_fields.contains(&id);
        is_new && self.new_widgets.contains(&id)
    }
}

fn items(object: Option<&Object>) -> Option<Vec<Object>> {
    match object {
        None | Some(Object::Null) => Some(Vec::new()),
        Some(Object::Array(items)) => Some(items.clone()),
        Some(_) => None,
    }
}

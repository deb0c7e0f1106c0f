//! What a signed document allows to be changed afterwards: DocMDP of a certification and FieldMDP of each signature
//! (ISO 32000-1 §12.8.2). It tells an honest form from an attack; the gateway takes neither in a reading act.

use lopdf::{Dictionary, Object, ObjectId};

use super::attack::Attack;
use super::changes::{Change, Difference};
use super::revision::Revision;

/// Entries of a field that filling it in changes.
const FILLED: [&[u8]; 6] = [b"V", b"AP", b"AS", b"M", b"DA", b"MK"];
const FIELD_DEPTH_MAX: usize = 8;

#[derive(Debug, Clone)]
pub(super) struct Permissions {
    pub is_certified: bool,
    /// `/P` of DocMDP: 1 nothing, 2 forms and signatures, 3 annotations as well.
    level: i64,
    locks: Vec<Lock>,
}

#[derive(Debug, Clone)]
enum Lock {
    All,
    Include(Vec<String>),
    Exclude(Vec<String>),
}

impl Lock {
    fn holds(&self, field: &str) -> bool {
        let names = |list: &[String]| {
            list.iter().any(|name| field == name || field.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.')))
        };
        match self {
            Self::All => true,
            Self::Include(list) => names(list),
            Self::Exclude(list) => !names(list),
        }
    }
}

impl Permissions {
    /// Those of every signature in `revision`.
    pub fn of(revision: &Revision) -> Self {
        let catalog = revision.catalog();
        let certification = revision.entry(&catalog, b"Perms").and_then(|permissions| permissions.as_dict().ok());
        let certification = certification.and_then(|permissions| revision.entry(permissions, b"DocMDP")?.as_dict().ok());
        let mut found = Self { is_certified: certification.is_some(), level: 3, locks: Vec::new() };
        if let Some(signature) = certification {
            found.level = 2;
            for (method, parameters) in transforms(revision, signature) {
                if method == b"DocMDP"
                    && let Some(Object::Integer(level)) = revision.entry(parameters, b"P")
                {
                    found.level = *level;
                }
            }
        }
        for field in revision.signature_fields().unwrap_or_default() {
            let signature = revision.dictionary(field.id).and_then(|field| revision.entry(field, b"V")?.as_dict().ok());
            for (method, parameters) in signature.map(|signature| transforms(revision, signature)).unwrap_or_default() {
                if method == b"FieldMDP" {
                    found.locks.extend(lock(revision, parameters));
                }
            }
        }
        found
    }

    pub fn allows_nothing(&self) -> bool {
        self.is_certified && self.level <= 1
    }

    fn allows_filling(&self, field: &str) -> bool {
        !self.allows_nothing() && !self.locks.iter().any(|lock| lock.holds(field))
    }

    /// A field of a form was filled in.
    pub fn filled(&self, old: &Revision, dictionary: &Dictionary) -> Difference {
        let (name, _) = field(old, dictionary);
        let attack = if self.allows_filling(&name) { None } else { Some(Attack::IncrementalSaving) };
        Difference { change: Change::FormFill, attack, detail: format!("the field {name} was filled in") }
    }

    /// What it means that a form's field or its widget changed; `None` when the object is neither.
    pub fn field_changed(&self, old: &Revision, id: ObjectId, before: &Dictionary, after: &Dictionary) -> Option<Difference> {
        let (name, kind) = field(old, before);
        let kind = kind?;
        let keys = super::reach::differing(before, after);
        let is_filled = keys.iter().all(|key| FILLED.contains(&key.as_slice()));
        if kind == b"Sig" {
            let detail = format!("the signed field in object {} was changed", id.0);
            return Some(Difference::other(Attack::SneakySignature, detail));
        }
        if !is_filled {
            let attack =
                if keys.iter().any(|key| key == b"F" || key == b"Rect") { Attack::ShadowHide } else { Attack::IncrementalSaving };
            return Some(Difference::other(attack, format!("the field {name} was changed")));
        }
        // Another look without another value shows what was never entered.
        let is_value = keys.iter().any(|key| key == b"V" || key == b"AS") || !before.has(b"FT");
        if is_value {
            return Some(self.filled(old, before));
        }
        let detail = format!("the look of the field {name} was changed");
        Some(Difference { change: Change::FormFill, attack: Some(Attack::ShadowReplace), detail })
    }
}

/// Methods and parameters of a signature's references.
fn transforms<'a>(revision: &'a Revision, signature: &'a Dictionary) -> Vec<(&'a [u8], &'a Dictionary)> {
    let list = revision.entry(signature, b"Reference").and_then(|list| list.as_array().ok());
    let of = |reference: &'a Object| {
        let reference = revision.follow(reference)?.as_dict().ok()?;
        let method = revision.entry(reference, b"TransformMethod")?.as_name().ok()?;
        Some((method, revision.entry(reference, b"TransformParams")?.as_dict().ok()?))
    };
    list.into_iter().flatten().take(16).filter_map(of).collect()
}

fn lock(revision: &Revision, parameters: &Dictionary) -> Option<Lock> {
    let names = || {
        let list = revision.entry(parameters, b"Fields").and_then(|list| list.as_array().ok());
        list.into_iter().flatten().filter_map(|name| lopdf::decode_text_string(revision.follow(name)?).ok()).collect()
    };
    match revision.entry(parameters, b"Action")?.as_name().ok()? {
        b"All" => Some(Lock::All),
        b"Include" => Some(Lock::Include(names())),
        b"Exclude" => Some(Lock::Exclude(names())),
        _ => None,
    }
}

/// The value of the field or of the one it belongs to.
pub(super) fn value(revision: &Revision, id: ObjectId) -> Option<&Object> {
    let mut next = revision.dictionary(id);
    for _ in 0..FIELD_DEPTH_MAX {
        let one = next?;
        if let Some(value) = revision.entry(one, b"V") {
            return Some(value);
        }
        next = revision.entry(one, b"Parent").and_then(|parent| parent.as_dict().ok());
    }
    None
}

/// Full name and type of the field that `dictionary` is or belongs to.
fn field<'a>(revision: &'a Revision, dictionary: &'a Dictionary) -> (String, Option<&'a [u8]>) {
    let mut names = Vec::new();
    let mut kind = None;
    let mut next = Some(dictionary);
    for _ in 0..FIELD_DEPTH_MAX {
        let Some(one) = next else { break };
        names.extend(revision.entry(one, b"T").and_then(|name| lopdf::decode_text_string(name).ok()));
        kind = kind.or_else(|| revision.entry(one, b"FT").and_then(|kind| kind.as_name().ok()));
        next = revision.entry(one, b"Parent").and_then(|parent| parent.as_dict().ok());
    }
    names.reverse();
    (names.join("."), kind)
}

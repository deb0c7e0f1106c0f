//! Files attached to a signed PDF: one, in the list where readers show it, under the one name it has.
//!
//! A file that only some programs find, or find under another name, is not what the signer saw.

use std::collections::{BTreeSet, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::attack::Attack;
use super::embedded::{Named, named_files};
use super::revision::Revision;
use crate::verdict::Facts;

pub(super) fn judge(last: &Revision, facts: &mut Facts) {
    let named = named_files(last);
    if named.len() > 1 {
        Attack::SeveralAttachments.refuse(format!("{} files are attached", named.len()), facts);
    }
    if let Some(reason) = hidden(last, &named) {
        Attack::HiddenAttachment.refuse(reason, facts);
    }
    if let Some(reason) = mismatch(last, &named) {
        Attack::AttachmentMismatch.refuse(reason, facts);
    }
    let mut known = HashSet::new();
    for file in &named {
        if let Some(reason) = wrong_name(last, file, &mut known) {
            Attack::AttachmentName.refuse(reason, facts);
            return;
        }
    }
}

/// Streams of the embedded file that a specification holds, by the entry that names them.
fn contents(last: &Revision, specification: &Dictionary) -> BTreeSet<ObjectId> {
    let files = last.entry(specification, b"EF").and_then(|files| files.as_dict().ok());
    files.into_iter().flatten().filter_map(|(_, stream)| stream.as_reference().ok()).collect()
}

/// A file that is there and not in the list of attached files.
fn hidden(last: &Revision, named: &[Named<'_>]) -> Option<&'static str> {
    let ids: HashSet<ObjectId> = named.iter().filter_map(|file| file.id).collect();
    let listed: HashSet<ObjectId> = named.iter().flat_map(|file| contents(last, file.specification)).collect();
    for (id, object) in &last.document.objects {
        match object {
            Object::Dictionary(dictionary) if dictionary.has(b"EF") && !ids.contains(id) => {
                return Some("a file is attached beside the list of files");
            }
            Object::Stream(stream) if stream.dict.has_type(b"EmbeddedFile") && !listed.contains(id) => {
                return Some("a file lies in it that no list names");
            }
            _ => {}
        }
    }
    let direct = named.iter().filter(|file| file.id.is_none()).count();
    let nested = last.document.objects.values().map(nested_specifications).sum::<usize>();
    (nested > direct).then_some("a file is attached beside the list of files")
}

/// File specifications with content that are written inside another object.
fn nested_specifications(object: &Object) -> usize {
    fn within(object: &Object, depth: usize) -> usize {
        let Some(depth) = depth.checked_sub(1) else { return 0 };
        match object {
            Object::Array(items) => items.iter().map(|item| within(item, depth)).sum(),
            Object::Dictionary(dictionary) => usize::from(dictionary.has(b"EF")) + below(dictionary, depth),
            _ => 0,
        }
    }
    fn below(dictionary: &Dictionary, depth: usize) -> usize {
        dictionary.iter().map(|(_, value)| within(value, depth)).sum()
    }
    const DEPTH_MAX: usize = 100;
    match object {
        Object::Dictionary(dictionary) => below(dictionary, DEPTH_MAX),
        Object::Stream(stream) => below(&stream.dict, DEPTH_MAX),
        other => within(other, DEPTH_MAX),
    }
}

/// One file for some readers and another for others, or two lists that differ.
fn mismatch(last: &Revision, named: &[Named<'_>]) -> Option<&'static str> {
    if named.iter().any(|file| contents(last, file.specification).len() > 1) {
        return Some("an attached file has two contents");
    }
    let catalog = last.catalog();
    let associated = last.entry(&catalog, b"AF").and_then(|list| list.as_array().ok())?;
    let associated: HashSet<Option<ObjectId>> = associated.iter().map(|file| file.as_reference().ok()).collect();
    let listed: HashSet<Option<ObjectId>> = named.iter().map(|file| file.id).collect();
    (associated != listed).then_some("the associated files are not the attached ones")
}

fn wrong_name(last: &Revision, file: &Named<'_>, known: &mut HashSet<String>) -> Option<&'static str> {
    let text = |key: &[u8]| last.entry(file.specification, key).and_then(|name| lopdf::decode_text_string(name).ok());
    let names: Vec<String> = [text(b"UF"), text(b"F"), Some(file.key.clone())].into_iter().flatten().collect();
    if names.iter().flat_map(|name| name.chars()).any(deceives) {
        return Some("the name of an attached file has signs that are not seen");
    }
    if names.iter().any(|name| name.contains(['/', '\\', ':'])) {
        return Some("the name of an attached file leads to another folder");
    }
    let ending = |name: &String| name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if let (Some(one), Some(other)) = (text(b"UF"), text(b"F"))
        && ending(&one) != ending(&other)
    {
        return Some("an attached file has two names of different kinds");
    }
    let name = names.first().cloned().unwrap_or_default();
    (!known.insert(name.trim().to_lowercase())).then_some("two attached files have one name")
}

/// Control signs, and such as change direction or have no width (T7).
fn deceives(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}')
}

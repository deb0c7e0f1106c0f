//! Signature fields: each its own widget, hung into form, page and, where it is seen, into the tags.

use lopdf::ObjectId;

use super::append::Appendix;
use super::base::refuse;
use super::text::{Entries, integer, items, points, refer, reference, string};
use crate::signing::SigningError;

/// Where a widget stands, in thousandths of a point from the page's lower left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WidgetPlace {
    /// From 0.
    pub page: usize,
    pub left: i64,
    pub bottom: i64,
    pub width: i64,
    pub height: i64,
}

/// Print; for a signed field Locked as well (ISO 32000-1 table 165).
const PRINTED: u32 = 4;
const PRINTED_AND_LOCKED: u32 = 132;
/// Pages and their tree's nodes that are looked through.
const NODES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 32;

/// A field to be made.
pub(super) struct NewField<'a> {
    pub name: &'a str,
    /// What it is, for who cannot see it; its name when empty.
    pub description: &'a str,
    pub value: Option<ObjectId>,
    /// Where it is seen. Else it lies outside of the page and shows nothing, so that PDF/A needs no appearance and PDF/UA no tag.
    pub place: Option<WidgetPlace>,
}

/// Makes `fields` and hangs them into `catalog`, which is for the caller to write.
pub(super) fn add(appendix: &mut Appendix<'_>, catalog: &mut Entries, fields: &[NewField<'_>]) -> Result<(), SigningError> {
    let mut ids = Vec::new();
    for field in fields {
        let page = page(appendix, catalog, field.place.map_or(0, |place| place.page))?;
        let id = appendix.new_id();
        let tag = match field.place {
            Some(_) => tag(appendix, catalog, id, page, field)?,
            None => None,
        };
        let text = widget(appendix, field, page, tag);
        appendix.put(id, text);
        let mut on_page = appendix.entries(page).ok_or_else(|| refuse("a page cannot be read"))?;
        appendix.push(&mut on_page, "Annots", &refer(id))?;
        if on_page.get("Tabs").is_none() && tag.is_some() {
            on_page.set("Tabs", "/S");
        }
        appendix.put(page, on_page.text());
        ids.push(id);
    }
    if ids.is_empty() {
        return Ok(());
    }
    let form_id = catalog.get("AcroForm").and_then(reference);
    let form = match form_id {
        Some(id) => appendix.entries(id),
        None => catalog.get("AcroForm").and_then(Entries::of),
    };
    let mut form = form.unwrap_or_default();
    for id in ids {
        appendix.push(&mut form, "Fields", &refer(id))?;
    }
    form.set("SigFlags", "3");
    if let Some(id) = form_id {
        appendix.put(id, form.text());
    } else {
        let id = appendix.add(form.text());
        catalog.set("AcroForm", refer(id));
    }
    Ok(())
}

fn widget(appendix: &mut Appendix<'_>, field: &NewField<'_>, page: ObjectId, tag: Option<i64>) -> Vec<u8> {
    let mut text = Entries::default();
    text.set("Type", "/Annot");
    text.set("Subtype", "/Widget");
    text.set("FT", "/Sig");
    text.set("T", string(field.name));
    text.set("TU", string(if field.description.is_empty() { field.name } else { field.description }));
    text.set("F", if field.value.is_some() { PRINTED_AND_LOCKED } else { PRINTED }.to_string());
    if let Some(place) = field.place {
        let (right, top) = (place.left.saturating_add(place.width), place.bottom.saturating_add(place.height));
        let corners = [place.left, place.bottom, right, top].map(points).join(" ");
        text.set("Rect", format!("[{corners}]"));
        // The page itself shows the stamp, which is what is signed: the widget adds nothing to it.
        let (width, height) = (points(place.width), points(place.height));
        let look = appendix.add(format!(
            "<</Type/XObject/Subtype/Form/BBox[0 0 {width} {height}]/Resources<<>>/Length 0>>\nstream\n\nendstream"
        ));
        text.set("AP", format!("<</N {}>>", refer(look)));
    } else {
        text.set("Rect", "[-1 -1 -1 -1]");
    }
    text.set("P", refer(page));
    if let Some(key) = tag {
        text.set("StructParent", key.to_string());
    }
    if let Some(value) = field.value {
        text.set("V", refer(value));
    }
    text.text()
}

/// Page number `wanted`, from 0.
fn page(appendix: &Appendix<'_>, catalog: &Entries, wanted: usize) -> Result<ObjectId, SigningError> {
    let root = catalog.get("Pages").and_then(reference).ok_or_else(|| refuse("it has no page"))?;
    // The next node last.
    let mut waiting = vec![(root, DEPTH_MAX)];
    let mut left = wanted;
    for _ in 0..NODES_MAX {
        let Some((id, depth)) = waiting.pop() else { break };
        let Some(node) = appendix.entries(id) else { continue };
        match node.get("Kids").and_then(|kids| appendix.follow(kids)) {
            Some(kids) => {
                let Some(depth) = depth.checked_sub(1) else { continue };
                let kids = items(&kids).unwrap_or_default();
                waiting.extend(kids.into_iter().rev().filter_map(reference).map(|kid| (kid, depth)));
            }
            None if left == 0 => return Ok(id),
            None => left -= 1,
        }
    }
    Err(refuse("it has no page"))
}

/// Tags the widget as an element `Form` at the end of the document (ISO 14289-1 §7.18.4); the key under which it is found.
/// `None` in a file without tags.
fn tag(
    appendix: &mut Appendix<'_>,
    catalog: &Entries,
    widget: ObjectId,
    page: ObjectId,
    field: &NewField<'_>,
) -> Result<Option<i64>, SigningError> {
    let Some(root_id) = catalog.get("StructTreeRoot").and_then(reference) else { return Ok(None) };
    let broken = || refuse("its tags cannot be read");
    let mut root = appendix.entries(root_id).ok_or_else(broken)?;
    let tree_id = root.get("ParentTree").and_then(reference);
    let tree = root.get("ParentTree").and_then(|tree| appendix.follow(tree));
    let mut tree = tree.map_or(Some(Entries::default()), |tree| Entries::of(&tree)).ok_or_else(broken)?;
    let numbers = tree.get("Nums").and_then(|numbers| appendix.follow(numbers));
    let last = numbers.as_deref().and_then(items).and_then(|items| items.into_iter().step_by(2).filter_map(integer).max());
    let key = root.get("ParentTreeNextKey").and_then(integer).or_else(|| last.map(|last| last + 1)).ok_or_else(broken)?;

    let element = appendix.new_id();
    // What is one document stays one: the element goes into the topmost one.
    let kids = root.get("K").and_then(|kids| match reference(kids) {
        Some(id) if appendix.entries(id).is_some() => Some(kids.to_vec()),
        _ => appendix.follow(kids),
    });
    let top = kids.and_then(|kids| match items(&kids) {
        Some(items) => items.first().copied().and_then(reference).filter(|_| items.len() == 1),
        None => reference(&kids),
    });
    let parent = top.unwrap_or(root_id);
    if let Some(id) = top {
        let mut document = appendix.entries(id).ok_or_else(broken)?;
        appendix.push(&mut document, "K", &refer(element))?;
        appendix.put(id, document.text());
    } else {
        appendix.push(&mut root, "K", &refer(element))?;
    }
    let alternative = string(if field.description.is_empty() { field.name } else { field.description });
    appendix.put(
        element,
        format!(
            "<</Type/StructElem/S/Form/P {}/Pg {}/Alt{alternative}/K<</Type/OBJR/Obj {}/Pg {}>>>>",
            refer(parent),
            refer(page),
            refer(widget),
            refer(page)
        ),
    );
    if tree.get("Kids").is_some() {
        let leaf = appendix.add(format!("<</Limits[{key} {key}]/Nums[{key} {}]>>", refer(element)));
        appendix.push(&mut tree, "Kids", &refer(leaf))?;
    } else {
        appendix.push(&mut tree, "Nums", &format!("{key} {}", refer(element)))?;
    }
    match tree_id {
        Some(id) => appendix.put(id, tree.text()),
        None => root.set("ParentTree", tree.text()),
    }
    root.set("ParentTreeNextKey", (key + 1).to_string());
    appendix.put(root_id, root.text());
    Ok(Some(key))
}

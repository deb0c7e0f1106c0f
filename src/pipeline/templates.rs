//! Templates of documents, from their files. A broken one stops no invoice that is due: another serves, and it is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oblik_channels::files;
use oblik_documents::{Template, TemplateFault};
use serde_json::json;
use tracing::{info, warn};

use crate::House;

const SUBJECT: &str = "template";
const BROKEN: &str = "template not usable";
const MENDED: &str = "template usable again";

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateTrouble {
    /// Whose documents it is for, such as `supplier`.
    pub issuer: String,
    pub path: PathBuf,
    /// Why it cannot be read at all; then there are no faults.
    pub unreadable: Option<String>,
    pub faults: Vec<TemplateFault>,
}

impl std::fmt::Display for TemplateTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the template of the {}, {}, is not used: ", self.issuer, self.path.display())?;
        match (&self.unreadable, self.faults.as_slice()) {
            (Some(reason), _) => write!(f, "{reason}"),
            (None, [only]) => write!(f, "{only}"),
            (None, [first, rest @ ..]) => write!(f, "{first}, and {} more", rest.len()),
            (None, []) => write!(f, "it says nothing"),
        }
    }
}

/// A template's file: what of it holds, its text, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct TemplateFile {
    /// With the embedded values where something is wrong.
    pub template: Template,
    pub text: String,
    pub faults: Vec<TemplateFault>,
}

/// Reads the template at `path`; what it names lies beside it.
///
/// # Errors
/// Why the file cannot be read.
pub fn read_template_file(path: &Path) -> Result<TemplateFile, String> {
    let bytes = files::read(path).map_err(|cause| format!("it cannot be read: {cause}"))?;
    let text = match Template::decode(&bytes) {
        Ok(text) => text.to_owned(),
        Err(fault) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(TemplateFile { template: Template::embedded(), text, faults: vec![fault] });
        }
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = |name: &str| files::read(&folder.join(name)).map_err(|cause| format!("it cannot be read: {cause}"));
    let (template, faults) = Template::read(&text, &beside);
    Ok(TemplateFile { template, text, faults })
}

/// What keeps an issuer's template from being used; nothing where it is sound.
pub fn template_trouble(issuer: &str, path: &Path) -> Option<TemplateTrouble> {
    sound(issuer, path).err()
}

fn sound(issuer: &str, path: &Path) -> Result<Template, TemplateTrouble> {
    let trouble = |unreadable, faults| TemplateTrouble { issuer: issuer.to_owned(), path: path.to_owned(), unreadable, faults };
    match read_template_file(path) {
        Ok(file) if file.faults.is_empty() => Ok(file.template),
        Ok(file) => Err(trouble(None, file.faults)),
        Err(reason) => Err(trouble(Some(reason), Vec::new())),
    }
}

/// The template of an issuer; `otherwise` where none is named or it is broken, which is noted in `troubles`.
pub(crate) fn template_of(
    issuer: &str,
    path: Option<&Path>,
    otherwise: &Arc<Template>,
    troubles: &mut Vec<TemplateTrouble>,
) -> Arc<Template> {
    let Some(path) = path else { return otherwise.clone() };
    match sound(issuer, path) {
        Ok(template) => Arc::new(template),
        Err(trouble) => {
            warn!(issuer, "{trouble}");
            troubles.push(trouble);
            otherwise.clone()
        }
    }
}

/// Enters templates that cannot be used into the journal, each once until it is mended.
///
/// # Errors
/// The store fails.
pub async fn tell_templates(house: &House) -> oblik_store::Result<()> {
    let troubles = &house.issuers.template_troubles;
    let mut tx = house.store.begin("tell-templates").await?;
    let mut told = false;
    for issuer in house.issuers.names() {
        let trouble = troubles.iter().find(|trouble| trouble.issuer == issuer);
        let last = tx.journal_of(SUBJECT, &issuer).await?.pop();
        match (trouble, last) {
            (Some(trouble), last) => {
                let faults: Vec<String> = trouble.faults.iter().map(ToString::to_string).collect();
                let path = trouble.path.display().to_string();
                let detail = json!({ "path": path, "unreadable": trouble.unreadable, "faults": faults });
                let said = detail.to_string();
                let known = last.is_some_and(|last| last.event == BROKEN && last.detail == said);
                if !known {
                    tx.journal(house.now(), BROKEN, SUBJECT, &issuer, &detail);
                    told = true;
                }
            }
            (None, Some(last)) if last.event == BROKEN => {
                tx.journal(house.now(), MENDED, SUBJECT, &issuer, &json!({}));
                info!(issuer, "the template is usable again");
                told = true;
            }
            (None, _) => {}
        }
    }
    if told { tx.commit().await } else { tx.roll_back().await }
}

//! A letter as its receiver's program reads it: Python's mail package takes it apart, not ours.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program;

/// A letter, taken apart.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Field names in lower case; a field that stands twice has both values, a line each.
    headers: Value,
    defects: Value,
    /// Message-ID with its angle brackets.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Names and bytes of the attachments.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Letter {
    /// Reads letters of ours, all at once.
    ///
    /// # Panics
    /// When Python finds a defect in one of them.
    pub fn read(raw: &[Vec<u8>]) -> Vec<Self> {
        let letters = Self::read_any(raw);
        for letter in &letters {
            assert_eq!(letter.defects, serde_json::json!([]), "a letter of ours has defects: {letter:?}");
        }
        letters
    }

    /// Reads mails, whoever wrote them.
    pub fn read_any(raw: &[Vec<u8>]) -> Vec<Self> {
        if raw.is_empty() {
            return Vec::new();
        }
        let folder = tempfile::tempdir().expect("a folder");
        let written = raw.iter().enumerate().map(|(number, bytes)| {
            let path = folder.path().join(format!("{number:05}.eml"));
            std::fs::write(&path, bytes).expect("write a letter");
            path
        });
        let mut arguments: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("letter.py")];
        arguments.extend(written);
        let told = program("python3", &arguments, b"").expect("python3 reads letters");
        assert!(told.good, "{}", told.err);
        let list: Vec<Value> = serde_json::from_str(&told.out).expect("JSON of the reader");
        list.iter().map(Self::of).collect()
    }

    fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let files = value["files"].as_array().into_iter().flatten();
        let files = files.map(|file| {
            let path = file["path"].as_str().expect("a path");
            let bytes = std::fs::read(path).expect("an attachment");
            std::fs::remove_file(path).ok();
            (file["name"].as_str().unwrap_or_default().to_owned(), bytes)
        });
        Self {
            id: text("id"),
            to: text("to"),
            subject: text("subject"),
            text: text("text"),
            html: text("html"),
            files: files.collect(),
            headers: value["headers"].clone(),
            defects: value["defects"].clone(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap_or_default()
    }

    /// Whether both forms of its text say this; the plain one writes heads in capitals.
    pub fn says(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        [&self.text, &self.html].iter().all(|form| form.to_lowercase().contains(&words))
    }

    pub fn headers_have(&self, name: &str) -> bool {
        self.headers.get(name).is_some()
    }

    /// The one PDF of the letter; what lies beside it is the same document for machines, by the same name.
    pub fn only_pdf(&self) -> &[u8] {
        let [(name, bytes), beside @ ..] = self.files.as_slice() else { panic!("an attachment is wanted: {self:?}") };
        let stem = name.strip_suffix(".pdf").unwrap_or_else(|| panic!("{name} is no PDF"));
        assert!(bytes.starts_with(b"%PDF"), "{name}");
        for (other, xml) in beside {
            assert_eq!(other.strip_suffix(".xml"), Some(stem), "beside {name}");
            assert!(xml.starts_with(b"<?xml"), "{other}");
        }
        bytes
    }

    /// Names of the attached files.
    pub fn names(&self) -> Vec<&str> {
        self.files.iter().map(|(name, _)| name.as_str()).collect()
    }
}

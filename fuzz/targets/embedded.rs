//! Files attached to a PDF that is already proven.

use oblik_signature::pdf;

use crate::world::World;

pub fn run(_: &World, data: &[u8]) {
    for name in ["oblik-act.xml", "act.xml"] {
        if let Ok(file) = pdf::file_within(data, name) {
            assert!(file.len() <= oblik_domain::limits::PDF_STREAM_BYTES);
        }
    }
}

//! A large file is read in little memory. Alone in its file: other tests would be measured with it.

#![allow(clippy::indexing_slicing, reason = "helpers of tests")]

use std::io::{self, BufReader, Cursor, Read};

use oblik_edi::read_meter_file;

/// Bytes of memory the process has held at most.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) * 1024
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let example =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/meter-readings-1.example.xml")).unwrap();
    let from = example.find("  <Reading>").unwrap();
    let to = example.find("  <Intervals>").unwrap();
    let end = example.find("</MeterReadings>").unwrap();
    let copies = 20_000;
    let head = example[..from].replace("<RecordCount>3", &format!("<RecordCount>{}", 2 * copies));
    let body = Repeated { piece: example.as_bytes()[from..to].to_vec(), left: copies, at: 0 };
    let whole = Cursor::new(head.into_bytes()).chain(body).chain(Cursor::new(example.as_bytes()[end..].to_vec()));
    let before = peak();
    let mut seen = 0_u64;
    let summary = read_meter_file(BufReader::new(whole), &mut |_| seen += 1).unwrap();
    assert_eq!((summary.records, seen), (40_000, 40_000));
    let grown = peak().saturating_sub(before);
    assert!(grown < 3 * 1024 * 1024, "grew by {grown} bytes");
}

struct Repeated {
    piece: Vec<u8>,
    left: usize,
    at: usize,
}

impl Read for Repeated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        if self.at == self.piece.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(count)
    }
}

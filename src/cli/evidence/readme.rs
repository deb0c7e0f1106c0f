//! The words beside a proof: what lies where, and how anybody repeats it without asking us.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

/// What the commands need to know.
#[derive(Default)]
pub struct Commands {
    /// The file with the signatures, its form, and whether it is PEM.
    pub form: Option<(&'static str, Form, bool)>,
    pub at: Option<DateTime<Utc>>,
    pub has_invoice: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Detached,
    Enclosing,
    Pdf,
    Asic,
}

/// By the beginning of a name: what it is.
const MEANINGS: [(&str, &str); 17] = [
    ("original/", "the message as it arrived, every octet"),
    ("signed/act.xml", "the reading act that was read from the signed bytes"),
    ("signed/content", "the content that the detached signature is over"),
    ("signed/", "the file with the signatures"),
    ("roots.pem", "the roots of trust of then that the paths end in"),
    ("chain.pem", "the certificates of the paths, the roots aside"),
    ("crls.pem", "the revocation lists below, together in PEM"),
    ("crls/", "a revocation list the verdict rests on, DER"),
    ("ocsp/", "an OCSP response the verdict rests on, DER"),
    ("evidence.json", "everything of the verdict in one file, as it was stored; its SHA-256 stands in verdict.json"),
    ("policy.toml", "the signature policy of then; its SHA-256 stands in verdict.json"),
    ("verdict.json", "the verdict as stored, and as it is repeated now from evidence.json and policy.toml"),
    ("findings.json", "what was found, as the sender was told"),
    ("journal.jsonl", "the journal about the act and its message, with its chain of hashes"),
    ("invoice/invoice.xml", "the same invoice for machines, as it lies in the PDF"),
    ("invoice/journal.jsonl", "the journal about the invoice"),
    ("invoice/", "the invoice as issued, and the draft with all its figures and reasons"),
];

pub fn text(what: &str, names: &[&str], commands: &Commands) -> String {
    let mut text = format!("Evidence of {what}, written by Oblik {}.\n\nFILES\n\n", env!("CARGO_PKG_VERSION"));
    for name in names {
        let exact = MEANINGS.iter().find(|(begin, _)| begin == name);
        let meaning = exact.or_else(|| MEANINGS.iter().find(|(begin, _)| begin.ends_with('/') && name.starts_with(begin)));
        let _ = writeln!(text, "  {name:24} {}", meaning.map_or("", |(_, meaning)| meaning));
    }
    text.push_str("  SHA256SUMS               of every file but this one; check: sha256sum -c SHA256SUMS\n");
    if let (Some((file, form, is_pem)), Some(at)) = (commands.form, commands.at) {
        repeat(&mut text, (file, form, is_pem), at, names);
    }
    if names.contains(&"journal.jsonl") {
        text.push_str(JOURNAL);
    }
    text
}

fn repeat(text: &mut String, (file, form, is_pem): (&str, Form, bool), at: DateTime<Utc>, names: &[&str]) {
    let has = |name: &str| names.contains(&name);
    let option = |option: &str, name: &str| if has(name) { format!(" {option} {name}") } else { String::new() };
    let content = if form == Form::Detached { " --content signed/content" } else { "" };
    let ocsp = if names.iter().any(|name| name.starts_with("ocsp/")) { " --ocsp ocsp" } else { "" };
    let _ = write!(
        text,
        "\nHOW TO REPEAT THE VERDICT\n\nWhere the act is stored: oblik rejudge ACT_ID\n\nAnywhere, with Oblik alone:\n\n  oblik verify {file}{content}{}{}{}{ocsp} --policy policy.toml \\\n    --at {} --offline\n",
        option("--trust", "roots.pem"),
        option("--intermediates", "chain.pem"),
        option("--crl", "crls.pem"),
        at.to_rfc3339_opts(SecondsFormat::Micros, true),
    );
    let (seconds, chain) = (at.timestamp(), option("-certfile", "chain.pem"));
    let encoding = if is_pem { "PEM" } else { "DER" };
    let roots = if has("roots.pem") { " -CAfile roots.pem" } else { "" };
    let openssl = match form {
        Form::Detached => format!(
            "  openssl cms -verify -binary -inform {encoding} -in {file} -content signed/content{roots}{chain} \\\n    -purpose any -attime {seconds} -out /dev/null\n"
        ),
        Form::Enclosing => format!(
            "  openssl cms -verify -binary -inform {encoding} -in {file}{roots}{chain} \\\n    -purpose any -attime {seconds} -out content\n"
        ),
        Form::Pdf => {
            "  The signatures are inside the PDF; any validator of PDF signatures reads them with roots.pem as its roots.\n"
                .to_owned()
        }
        Form::Asic => {
            "  The signatures are inside the container; unpack it as a zip and check META-INF/*.p7s with openssl cms -verify.\n"
                .to_owned()
        }
    };
    let _ = write!(text, "\nWithout Oblik (OpenSSL does not know DSTU 4145, and asks no revocation list here):\n\n{openssl}");
    if has("crls.pem") {
        text.push_str("  openssl crl -in crls/NN.crl -inform DER -noout -text\n");
    }
    if !ocsp.is_empty() {
        text.push_str("  openssl ocsp -respin ocsp/NN.der -noverify -text\n");
    }
    text.push_str("\nTimestamps, where there are any, are inside the signature and are judged with it.\n");
}

const JOURNAL: &str = "
THE JOURNAL

Each entry holds the hash of the one before it (prev). Its own hash is SHA-256 over one zero octet, then over each of
prev, seq, at, event, subject, subject_id, detail, every one preceded by its length in octets as eight octets, most
significant first. at is in microseconds since 1970, numbers are written as decimal text. The entries between these are of
other subjects; `oblik audit verify` walks the whole chain where it is stored.
";

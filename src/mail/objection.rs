//! Whether a customer objects in so many words, and whether a letter says anything at all.

use oblik_words::commands::{NO_OBJECTION, OBJECTIONS, POLITE};
use oblik_words::marks;

use crate::command::{plain, without};
use crate::fresh::fresh;
use crate::parse::{Message, entity_parts, text};

/// Lines looked at: an objection stands at the beginning.
const LINES: usize = 3;

/// Whether the subject, or one of the first lines the sender wrote now, begins with words of objection. The subject of an answer
/// is our own or an older one.
pub fn objects(message: &Message) -> bool {
    let subject = message.subject.trim().to_lowercase();
    let is_answer = marks::REPLY_PREFIX.iter().any(|prefix| subject.starts_with(prefix));
    let lines = message.fresh_text.lines().filter(|line| !line.trim().is_empty()).take(LINES);
    (!is_answer && begins(&message.subject)) || lines.into_iter().any(begins)
}

fn begins(line: &str) -> bool {
    let said = bare(line);
    let after = |words: &&str| said.strip_prefix(&plain(words)).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let denied = |rest: &str| NO_OBJECTION.iter().any(|words| rest.trim() == plain(words));
    OBJECTIONS.iter().find_map(after).is_some_and(|rest| !denied(rest))
}

/// Whether the text of a signed MIME entity objects: who signs a letter that says no does not sign the document in it.
pub fn objects_within(entity: &[u8]) -> bool {
    let text = entity_parts(entity).map(|parts| text(&parts)).unwrap_or_default();
    fresh(&text).lines().filter(|line| !line.trim().is_empty()).take(LINES).any(begins)
}

/// Whether the sender wrote more than a greeting or thanks.
pub fn says_something(message: &Message) -> bool {
    message.fresh_text.lines().any(|line| !bare(line).is_empty())
}

/// A line without what politeness adds.
fn bare(line: &str) -> String {
    let line: String = line.chars().take(500).collect();
    let mut said = plain(&line);
    for _ in 0..POLITE.len() {
        let less = POLITE.iter().fold(said.clone(), |said, extra| without(&said, extra));
        if less == said {
            break;
        }
        said = less;
    }
    said
}

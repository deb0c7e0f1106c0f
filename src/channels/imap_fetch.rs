//! Bytes of mails over IMAP, whole: small ones by ranges of UIDs, large ones piece by piece.
//!
//! `BODY.PEEK[]` leaves the mail unread for the people who share the mailbox.

use std::collections::BTreeMap;
use std::time::Duration;

use imap_proto::{AttributeValue, Response};
use oblik_domain::limits;

use crate::error::ChannelError;
use crate::imap::ImapSession;
use crate::imap_exec::ExecError;
use crate::imap_text::uid_set;
use crate::source::{Failed, Fetch, Fetched, Sighting};

/// Measured: ranges of 10 to 50 mails are twice as fast as single ones, longer ones gain nothing.
const RANGE_MAILS: usize = 25;
/// Mails of one range together, so that a range stays within memory whatever its mails weigh.
const RANGE_BYTES: u64 = 16 * 1024 * 1024;
/// From this size on a mail is fetched in pieces: the parser doubles what it holds at once.
const WHOLE_BYTES: u64 = 4 * 1024 * 1024;
const PIECE_BYTES: u32 = 256 * 1024;
/// For a range or a piece; a dead peer is noticed much sooner, by its silence.
const TRANSFER: Duration = Duration::from_mins(10);

/// Accounts for each of `asked` (by UID, in the selected folder) in `answer`.
pub(crate) async fn fetch(
    session: &mut ImapSession,
    asked: BTreeMap<u32, Sighting>,
    answer: &mut Fetch,
) -> Result<(), ChannelError> {
    let mut missing: BTreeMap<u32, Sighting> = BTreeMap::new();
    let mut range: BTreeMap<u32, Sighting> = BTreeMap::new();
    for (uid, sighting) in asked {
        if sighting.size_bytes > limits::MAIL_BYTES {
            answer.failed.push(too_large(session, sighting));
        } else if sighting.size_bytes > WHOLE_BYTES {
            match in_pieces(session, uid, sighting.size_bytes).await? {
                Pieces::Whole(bytes) => answer.fetched.push(Fetched { sighting, bytes }),
                Pieces::TooLarge => answer.failed.push(too_large(session, sighting)),
                Pieces::Nothing => drop(missing.insert(uid, sighting)),
            }
        } else {
            let bytes: u64 = range.values().map(|sighting| sighting.size_bytes).sum();
            if range.len() >= RANGE_MAILS || bytes.saturating_add(sighting.size_bytes) > RANGE_BYTES {
                by_range(session, std::mem::take(&mut range), answer, &mut missing).await?;
            }
            range.insert(uid, sighting);
        }
    }
    by_range(session, range, answer, &mut missing).await?;
    explain(session, missing, answer).await
}

async fn by_range(
    session: &mut ImapSession,
    range: BTreeMap<u32, Sighting>,
    answer: &mut Fetch,
    missing: &mut BTreeMap<u32, Sighting>,
) -> Result<(), ChannelError> {
    if range.is_empty() {
        return Ok(());
    }
    let uids: Vec<u32> = range.keys().copied().collect();
    let command = format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(&uids));
    let doing = format!("fetch {} mails of", uids.len());
    let mut bodies = read_bodies(session, &doing, &command, None).await?;
    for (uid, sighting) in range {
        match bodies.remove(&uid) {
            Some(bytes) if !bytes.is_empty() || sighting.size_bytes == 0 => answer.fetched.push(Fetched { sighting, bytes }),
            _ => drop(missing.insert(uid, sighting)),
        }
    }
    Ok(())
}

enum Pieces {
    Whole(Vec<u8>),
    TooLarge,
    Nothing,
}

/// The stated size is only a hint (some servers guess it), so the end is where the server has no more to give.
async fn in_pieces(session: &mut ImapSession, uid: u32, stated: u64) -> Result<Pieces, ChannelError> {
    let mut bytes: Vec<u8> = Vec::new();
    let doing = format!("fetch uid {uid} of");
    loop {
        let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{offset}.{PIECE_BYTES}>)");
        let Some(piece) = read_bodies(session, &doing, &command, Some(offset)).await?.remove(&uid) else {
            return Ok(Pieces::Nothing);
        };
        let short = u32::try_from(piece.len()).is_ok_and(|length| length < PIECE_BYTES);
        let empty = piece.is_empty();
        bytes.extend_from_slice(&piece);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > limits::MAIL_BYTES {
            return Ok(Pieces::TooLarge);
        }
        if empty || (short && length == stated) {
            return Ok(if bytes.is_empty() { Pieces::Nothing } else { Pieces::Whole(bytes) });
        }
    }
}

/// Bodies by UID. `offset` is that of a piece, none for whole mails.
async fn read_bodies(
    session: &mut ImapSession,
    doing: &str,
    command: &str,
    offset: Option<u32>,
) -> Result<BTreeMap<u32, Vec<u8>>, ChannelError> {
    let before = session.literals();
    let mut bodies: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    session.exec(doing, command, TRANSFER, |answer| note_body(answer, offset, &mut bodies)).await?;
    let literals = session.literals().saturating_sub(before);
    let filled = bodies.values().filter(|body| !body.is_empty()).count();
    if u64::try_from(filled).is_ok_and(|filled| filled > literals) {
        // A quoted string would reach us with its escapes: not the bytes that were signed.
        let doing = session.doing(doing);
        return Err(ChannelError::permanent(doing, "the server sends mails as quoted strings"));
    }
    Ok(bodies)
}

fn note_body(answer: &Response<'_>, offset: Option<u32>, bodies: &mut BTreeMap<u32, Vec<u8>>) -> Result<(), ExecError> {
    let Response::Fetch(_, attributes) = answer else { return Ok(()) };
    let uid = attributes.iter().find_map(|a| if let AttributeValue::Uid(uid) = a { Some(*uid) } else { None });
    let body = attributes.iter().find_map(|a| match a {
        AttributeValue::BodySection { section: None, index, data: Some(data) } => Some((*index, data)),
        AttributeValue::Rfc822(Some(data)) => Some((None, data)),
        _ => None,
    });
    let Some((index, data)) = body else { return Ok(()) };
    let Some(uid) = uid else { return Err(ExecError::Protocol("it sent a mail without its UID")) };
    if index != offset {
        return Err(ExecError::Protocol("it sent another piece of the mail than was asked for"));
    }
    match bodies.insert(uid, data.to_vec()) {
        None => Ok(()),
        Some(_) => Err(ExecError::Protocol("it sent one mail twice")),
    }
}

/// Those not received: gone meanwhile, or there and withheld. The others are not held up by them.
async fn explain(session: &mut ImapSession, missing: BTreeMap<u32, Sighting>, answer: &mut Fetch) -> Result<(), ChannelError> {
    if missing.is_empty() {
        return Ok(());
    }
    let uids: Vec<u32> = missing.keys().copied().collect();
    let there = session.search(&format!("UID SEARCH UID {}", uid_set(&uids))).await?;
    for (uid, sighting) in missing {
        if there.contains(&uid) {
            let doing = session.doing(&format!("fetch uid {uid} of"));
            let error = ChannelError::temporary(doing, "the server lists the mail and does not send it");
            answer.failed.push(Failed { sighting, error });
        } else {
            answer.vanished.push(sighting);
        }
    }
    Ok(())
}

fn too_large(session: &ImapSession, sighting: Sighting) -> Failed {
    let doing = session.doing(&format!("fetch {} of", sighting.name));
    Failed { error: ChannelError::permanent(doing, "larger than the limit of a mail"), sighting }
}

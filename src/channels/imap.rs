//! A mailbox over IMAP.
//!
//! What must hold: a mail is never taken for absent because the server, the line or the crate faltered. Each listed
//! number, each asked-for UID is accounted for. `\Seen` means nothing here, since people read the same mailbox.
//! Source: RFC 3501, 2177 (IDLE), 4315 (UIDPLUS), 6851 (MOVE).

use std::collections::BTreeMap;
use std::time::Duration;

use imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode, Status};
use oblik_config::Imap;

use crate::error::ChannelError;
use crate::imap_exec::{COMMAND, ExecError, Link, RefusalCode};
use crate::imap_login::{Can, failed, log_in};
use crate::imap_text;
use crate::source::{Fetch, LOOK_ITEMS, Look, Origin, Place, Settle, Sighting, Woke};

/// Numbers asked for in one listing command.
const LISTED_AT_ONCE: u32 = 1000;
/// A listing is begun anew this often when mails are removed meanwhile.
const LISTINGS: u32 = 3;
/// Servers may log out who is silent for 30 minutes, and many routers forget after ten. Source: RFC 2177 §3.
const IDLE: Duration = Duration::from_mins(9);

/// A mailbox over IMAP, logged in. After an error it is spent.
#[derive(Debug)]
pub struct ImapSession {
    pub(crate) imap: Imap,
    can: Can,
    quarantine: String,
    /// Taken out while a command runs: what is cut short, by an error or a caller that stopped waiting, stays out.
    link: Option<Link>,
    /// UIDVALIDITY of the polled folder while it is the open one.
    selected: Option<u32>,
    /// UIDNEXT when it was last listed: a higher one later is mail that came while another folder was open.
    listed_next: Option<u32>,
}

/// What SELECT said.
#[derive(Debug, Default, Clone, Copy)]
struct Selected {
    exists: u32,
    uid_validity: Option<u32>,
    uid_next: Option<u32>,
}

impl ImapSession {
    pub async fn open(imap: &Imap) -> Result<Self, ChannelError> {
        let (link, can) = log_in(imap).await?;
        if !can.moving && !can.uid_plus {
            let doing = format!("use {}:{}", imap.host, imap.port);
            return Err(ChannelError::permanent(doing, "the server offers neither MOVE nor UIDPLUS"));
        }
        let quarantine = imap_text::quarantine_beside(&imap.archive);
        Ok(Self { imap: imap.clone(), can, quarantine, link: Some(link), selected: None, listed_next: None })
    }

    /// All mails of the folder, by number; UIDVALIDITY is read anew each time.
    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        for _ in 0..LISTINGS {
            let selected = self.select().await?;
            self.listed_next = selected.0.uid_next;
            if let Some(link) = &mut self.link {
                link.news = false;
            }
            if let Some(ready) = self.list_selected(selected).await? {
                return Ok(Look { ready, strange: Vec::new() });
            }
        }
        Err(ChannelError::temporary(self.doing("list"), "mails it counts are not among those it names"))
    }

    /// `None` when a number is missing: a mail was removed meanwhile, or the server is not to be believed.
    async fn list_selected(&mut self, (seen, uid_validity): (Selected, u32)) -> Result<Option<Vec<Sighting>>, ChannelError> {
        let last = seen.exists.min(u32::try_from(LOOK_ITEMS).unwrap_or(u32::MAX));
        let mut mails: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        let mut first = 1;
        while first <= last {
            let until = first.saturating_add(LISTED_AT_ONCE - 1).min(last);
            let command = format!("FETCH {first}:{until} (UID RFC822.SIZE)");
            self.exec("list", &command, COMMAND, |answer| note_listed(answer, &mut mails)).await?;
            if (first..=until).any(|number| !mails.contains_key(&number)) {
                return Ok(None);
            }
            first = until.saturating_add(1);
        }
        mails.retain(|number, _| *number <= last);
        if !mails.values().zip(mails.values().skip(1)).all(|((a, _), (b, _))| a < b) {
            return Err(ChannelError::temporary(self.doing("list"), "UIDs do not ascend"));
        }
        Ok(Some(mails.into_values().map(|(uid, size)| sighting(uid_validity, uid, size)).collect()))
    }

    /// See [`crate::source::MailSource::fetch`].
    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        let mut answer = Fetch::default();
        if wanted.is_empty() {
            return Ok(answer);
        }
        let now = self.uid_validity().await?;
        let mut asked: BTreeMap<u32, Sighting> = BTreeMap::new();
        for sighting in wanted {
            match sighting.place {
                Place::Imap { uid_validity, uid } if uid_validity == now => {
                    asked.insert(uid, sighting.clone());
                }
                _ => answer.vanished.push(sighting.clone()),
            }
        }
        crate::imap_fetch::fetch(self, asked, &mut answer).await?;
        Ok(answer)
    }

    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        let now = self.uid_validity().await?;
        let Place::Imap { uid_validity, uid } = sighting.place else {
            return Err(ChannelError::permanent(self.doing("settle in"), "it was seen at another source"));
        };
        if uid_validity != now {
            // The number now names another mail. This one is seen again under its new number and known by its bytes.
            return Ok(());
        }
        let target = match how {
            Settle::Accepted | Settle::Duplicate => self.imap.archive.clone(),
            Settle::Quarantine => self.quarantine.clone(),
        };
        self.move_to(uid, &target).await
    }

    async fn move_to(&mut self, uid: u32, target: &str) -> Result<(), ChannelError> {
        let doing = self.doing(&format!("move uid {uid} to {target} out of"));
        let folder = imap_text::folder(target).map_err(|fault| ChannelError::permanent(doing.clone(), fault))?;
        let (verb, second_step) = if self.can.moving { ("MOVE", false) } else { ("COPY", true) };
        let command = format!("UID {verb} {uid} {folder}");
        let first = match self.run(&command, COMMAND, |_| Ok(())).await {
            Err(ExecError::No { code: RefusalCode::TryCreate, .. }) => {
                // Somebody else may make it at the same moment: whether it is there is seen by the second try.
                match self.run(&format!("CREATE {folder}"), COMMAND, |_| Ok(())).await {
                    Ok(_) | Err(ExecError::No { .. }) => {}
                    Err(error) => return Err(self.spent(doing, error)),
                }
                self.run(&command, COMMAND, |_| Ok(())).await
            }
            other => other,
        };
        let moved = first.map_err(|error| self.spent(doing.clone(), error))?.moved;
        if second_step && (moved || self.is_there(uid).await?) {
            self.expunge(uid).await?;
        }
        // OK alone is no proof: a server says OK to moving nothing, and to a STORE it did not do.
        if (second_step || !moved) && self.is_there(uid).await? {
            return Err(self.spent(doing, ExecError::Protocol("the mail is still there after its move")));
        }
        Ok(())
    }

    /// Removes one mail and no other: a bare EXPUNGE would take what people marked.
    async fn expunge(&mut self, uid: u32) -> Result<(), ChannelError> {
        let doing = format!("remove uid {uid} from");
        self.exec(&doing, &format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), COMMAND, |_| Ok(())).await?;
        self.exec(&doing, &format!("UID EXPUNGE {uid}"), COMMAND, |_| Ok(())).await
    }

    async fn is_there(&mut self, uid: u32) -> Result<bool, ChannelError> {
        Ok(self.search(&format!("UID SEARCH UID {uid}")).await?.contains(&uid))
    }

    /// The UIDs of an answer; servers that find nothing may leave the answer out, but not the tagged OK.
    pub(crate) async fn search(&mut self, command: &str) -> Result<Vec<u32>, ChannelError> {
        let mut found = Vec::new();
        self.exec("search", command, COMMAND, |answer| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                found.extend_from_slice(uids);
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// See [`crate::source::MailSource::wait`].
    pub async fn wait(&mut self, max: Duration) -> Result<Woke, ChannelError> {
        let doing = self.doing("wait for mail in");
        self.uid_validity().await?;
        let Some(mut link) = self.link.take() else { return Err(closed(doing)) };
        if !link.news && self.imap.idle && self.can.idle {
            link.idle(max.min(IDLE)).await.map_err(|error| failed(doing, error))?;
        } else if !link.news {
            tokio::time::sleep(max).await;
        }
        let woke = if link.news { Woke::NewMail } else { Woke::Timeout };
        self.link = Some(link);
        Ok(woke)
    }

    /// See [`crate::source::MailSource::find_message_ids`]. The folder is only examined; none is made.
    pub async fn find_message_ids(&mut self, folder: &str, ids: &[String]) -> Result<Vec<String>, ChannelError> {
        let doing = format!("search {folder} at {}", self.imap.host);
        let wrong = |fault| ChannelError::permanent(doing.clone(), fault);
        let name = imap_text::folder(folder).map_err(wrong)?;
        let checked = ids.iter().map(|id| imap_text::message_id(id)).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        self.selected = None;
        if let Err(error) = self.run(&format!("EXAMINE {name}"), COMMAND, |_| Ok(())).await {
            return Err(self.not_opened(doing, &name, error).await);
        }
        let mut found = Vec::new();
        for id in checked {
            if !self.search(&format!("UID SEARCH HEADER Message-ID \"{id}\"")).await?.is_empty() {
                found.push(id.to_owned());
            }
        }
        Ok(found)
    }

    pub async fn close(mut self) {
        if let Some(link) = self.link.take() {
            link.bye().await;
        }
    }

    async fn uid_validity(&mut self) -> Result<u32, ChannelError> {
        match self.selected {
            Some(uid_validity) => Ok(uid_validity),
            None => Ok(self.select().await?.1),
        }
    }

    /// What the folder holds, and its UIDVALIDITY.
    async fn select(&mut self) -> Result<(Selected, u32), ChannelError> {
        let doing = self.doing("open");
        self.selected = None;
        let name = imap_text::folder(&self.imap.folder).map_err(|fault| ChannelError::permanent(doing.clone(), fault))?;
        let mut seen = Selected::default();
        let command = format!("SELECT {name}");
        let done = self.run(&command, COMMAND, |answer| {
            note_selected(answer, &mut seen);
            Ok(())
        });
        let done = match done.await {
            Ok(done) => done,
            Err(error) => return Err(self.not_opened(doing, &name, error).await),
        };
        if done.read_only {
            return Err(ChannelError::permanent(doing, "the folder may only be read; nothing could be archived"));
        }
        let Some(uid_validity) = seen.uid_validity else {
            return Err(self.spent(doing, ExecError::Protocol("it named no UIDVALIDITY")));
        };
        if let Some(link) = &mut self.link {
            link.news = seen.uid_next != self.listed_next;
        }
        self.selected = Some(uid_validity);
        Ok((seen, uid_validity))
    }

    /// Why a folder was not opened. Not every server says in a code that there is none of that name.
    async fn not_opened(&mut self, doing: String, name: &str, error: ExecError) -> ChannelError {
        if !matches!(error, ExecError::No { .. }) {
            return self.spent(doing, error);
        }
        let mut there = false;
        let command = format!("LIST \"\" {name}");
        let listed = self.run(&command, COMMAND, |answer| {
            there |= matches!(answer, Response::MailboxData(MailboxDatum::List(_)));
            Ok(())
        });
        if listed.await.is_ok() && !there {
            self.link = None;
            return ChannelError::permanent(doing, "the server has no such folder");
        }
        self.spent(doing, error)
    }

    pub(crate) async fn exec(
        &mut self,
        doing: &str,
        command: &str,
        within: Duration,
        each: impl FnMut(&Response<'_>) -> Result<(), ExecError>,
    ) -> Result<(), ChannelError> {
        self.run(command, within, each).await.map(drop).map_err(|error| self.spent(self.doing(doing), error))
    }

    /// A refusal (NO) leaves the link usable; anything else has used it up.
    async fn run(
        &mut self,
        command: &str,
        within: Duration,
        mut each: impl FnMut(&Response<'_>) -> Result<(), ExecError>,
    ) -> Result<crate::imap_exec::Completed, ExecError> {
        let mut link = self.link.take().ok_or(ExecError::Protocol("this connection failed before; open another"))?;
        let selected = self.selected;
        let done = link.exec(command, within, |answer| {
            // Numbers that changed their meaning under our hands: nothing read since may be believed.
            if let (Some(was), Some(now)) = (selected, uid_validity_of(answer))
                && was != now
            {
                return Err(ExecError::Protocol("it changed UIDVALIDITY of the open folder"));
            }
            each(answer)
        });
        let done = done.await;
        if matches!(done, Ok(_) | Err(ExecError::No { .. })) {
            self.link = Some(link);
        }
        done
    }

    pub(crate) fn literals(&mut self) -> u64 {
        self.link.as_mut().map_or(0, Link::literals)
    }

    fn spent(&mut self, doing: String, error: ExecError) -> ChannelError {
        self.link = None;
        failed(doing, error)
    }

    pub(crate) fn doing(&self, what: &str) -> String {
        format!("{what} {} at {}", self.imap.folder, self.imap.host)
    }
}

fn closed(doing: String) -> ChannelError {
    ChannelError::temporary(doing, "this connection failed before; open another")
}

fn sighting(uid_validity: u32, uid: u32, size: u32) -> Sighting {
    Sighting {
        origin: Origin::new(format!("imap:{uid_validity}:{uid}")),
        name: format!("uid {uid}"),
        size_bytes: u64::from(size),
        place: Place::Imap { uid_validity, uid },
    }
}

/// Answers about flags come in between; only those with both UID and size are ours.
fn note_listed(answer: &Response<'_>, mails: &mut BTreeMap<u32, (u32, u32)>) -> Result<(), ExecError> {
    let Response::Fetch(number, attributes) = answer else { return Ok(()) };
    let uid = attributes.iter().find_map(|a| if let AttributeValue::Uid(uid) = a { Some(*uid) } else { None });
    let size = attributes.iter().find_map(|a| if let AttributeValue::Rfc822Size(size) = a { Some(*size) } else { None });
    if let (Some(uid), Some(size)) = (uid, size) {
        match mails.insert(*number, (uid, size)) {
            Some(before) if before != (uid, size) => return Err(ExecError::Protocol("it named two mails by one number")),
            _ => {}
        }
    }
    Ok(())
}

fn note_selected(answer: &Response<'_>, seen: &mut Selected) {
    match answer {
        Response::MailboxData(MailboxDatum::Exists(count)) => seen.exists = *count,
        Response::Data { status: Status::Ok, outcome } => {
            if let Some(ResponseCode::UidNext(next)) = outcome.code {
                seen.uid_next = Some(next);
            }
        }
        _ => {}
    }
    seen.uid_validity = uid_validity_of(answer).or(seen.uid_validity);
}

fn uid_validity_of(answer: &Response<'_>) -> Option<u32> {
    match answer {
        Response::Data { status: Status::Ok, outcome } => match outcome.code {
            Some(ResponseCode::UidValidity(number)) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

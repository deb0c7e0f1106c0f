//! Tickets: threads with customers that a person answers. Each message is an item, kept as it came.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::states::{TicketEvent, TicketState};

use crate::lease::after;
use crate::statement::{Record, statements, values};
use crate::{Result, StoreError, Tx};

statements! {
    OPEN = "INSERT INTO ticket (contract, invoice_id, kind, opened_at, moved_at, state) VALUES ($1, $2, $3, $4, $4, 'open') RETURNING id";
    TICKET = "SELECT id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket WHERE id = $1";
    WAITING = "SELECT id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket WHERE state <> 'closed' ORDER BY moved_at, id LIMIT 1000";
    ALL = "SELECT id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket ORDER BY id DESC LIMIT 1000";
    LIVE_OF_INVOICE = "SELECT id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket WHERE contract = $1 AND invoice_id = $2 AND state <> 'closed' ORDER BY id LIMIT 1";
    LIVE_OF_ACCOUNT = "SELECT id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket WHERE contract = $1 AND invoice_id IS NULL AND state <> 'closed' ORDER BY id LIMIT 1";
    OF_ITEM = "SELECT ticket.id, contract, invoice_id, kind, opened_at, moved_at, state FROM ticket JOIN ticket_message ON ticket_id = ticket.id WHERE item_id = $1";
    STEP = "UPDATE ticket SET state = $1, moved_at = $2 WHERE id = $3 AND state = $4";
    BECOMES = "UPDATE ticket SET kind = 'objection' WHERE id = $1";
    OBJECTIONS = "SELECT COUNT(*) FROM ticket WHERE invoice_id = $1 AND kind = 'objection' AND state <> 'closed'";
    ADD_MESSAGE = "INSERT INTO ticket_message (ticket_id, ordinal, item_id, author, who, at) \
                   SELECT $1, COALESCE(MAX(ordinal), 0) + 1, $2, $3, $4, $5 FROM ticket_message WHERE ticket_id = $1",
        postgres: "INSERT INTO ticket_message (ticket_id, ordinal, item_id, author, who, at) \
                   SELECT $1::bigint, COALESCE(MAX(ordinal), 0) + 1, $2::bigint, $3::text, $4::text, $5::bigint FROM ticket_message WHERE ticket_id = $1";
    MESSAGES = "SELECT ordinal, item_id, author, who, at FROM ticket_message WHERE ticket_id = $1 ORDER BY ordinal";
    LETTERS = "SELECT item_id, invoice_id FROM letter WHERE channel = 'mail' AND message_id IN (SELECT value FROM json_each($1)) ORDER BY id DESC LIMIT 20",
        postgres: "SELECT item_id, invoice_id FROM letter WHERE channel = 'mail' AND message_id IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY id DESC LIMIT 20";
}

/// What a customer wants of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketKind {
    /// Says in so many words that a document is wrong.
    Objection,
    Question,
}

impl TicketKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Objection => "objection",
            Self::Question => "question",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Objection, Self::Question].into_iter().find(|kind| kind.as_str() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketAuthor {
    Customer,
    Operator,
}

impl TicketAuthor {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Customer, Self::Operator].into_iter().find(|author| author.as_str() == word)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTicket {
    /// Also its number.
    pub id: i64,
    pub contract: ContractNumber,
    pub invoice_id: Option<i64>,
    pub kind: TicketKind,
    pub opened_at: DateTime<Utc>,
    pub moved_at: DateTime<Utc>,
    pub state: TicketState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketMessage {
    pub ordinal: i64,
    pub item_id: i64,
    pub author: TicketAuthor,
    /// The customer's address as the mail says it, or the operator's name.
    pub who: String,
    pub at: DateTime<Utc>,
}

fn ticket(mut row: Record) -> Result<StoredTicket> {
    Ok(StoredTicket {
        id: row.integer()?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        invoice_id: row.integer_or_null()?,
        kind: row.parsed(TicketKind::parse)?,
        opened_at: row.instant()?,
        moved_at: row.instant()?,
        state: row.parsed(TicketState::parse)?,
    })
}

impl Tx {
    /// Opens a ticket; its id is its number.
    pub async fn open_ticket(
        &mut self,
        contract: &ContractNumber,
        invoice: Option<i64>,
        kind: TicketKind,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        self.row(&OPEN, values![contract.as_str(), invoice, kind.as_str(), now.timestamp_micros()]).await?.integer()
    }

    pub async fn ticket(&mut self, id: i64) -> Result<Option<StoredTicket>> {
        self.row_or_none(&TICKET, values![id]).await?.map(ticket).transpose()
    }

    /// Tickets that are not closed, the longest unmoved first, at most a thousand.
    pub async fn waiting_tickets(&mut self) -> Result<Vec<StoredTicket>> {
        self.rows(&WAITING, values![]).await?.into_iter().map(ticket).collect()
    }

    /// The newest thousand tickets, the closed ones too.
    pub async fn all_tickets(&mut self) -> Result<Vec<StoredTicket>> {
        self.rows(&ALL, values![]).await?.into_iter().map(ticket).collect()
    }

    /// The ticket of an account about a document, or about none, that is not closed.
    pub async fn live_ticket(&mut self, contract: &ContractNumber, invoice: Option<i64>) -> Result<Option<StoredTicket>> {
        let row = match invoice {
            Some(invoice) => self.row_or_none(&LIVE_OF_INVOICE, values![contract.as_str(), invoice]).await?,
            None => self.row_or_none(&LIVE_OF_ACCOUNT, values![contract.as_str()]).await?,
        };
        row.map(ticket).transpose()
    }

    /// The ticket an item is a message of.
    pub async fn ticket_of_item(&mut self, item: i64) -> Result<Option<StoredTicket>> {
        self.row_or_none(&OF_ITEM, values![item]).await?.map(ticket).transpose()
    }

    /// Moves a ticket.
    ///
    /// # Errors
    /// [`StoreError::ForbiddenStep`]; [`StoreError::LeaseLost`] when somebody else moved it meanwhile.
    pub async fn step_ticket(
        &mut self,
        id: i64,
        from: TicketState,
        event: TicketEvent,
        now: DateTime<Utc>,
    ) -> Result<TicketState> {
        let to = after(id, from, event)?;
        match self.execute(&STEP, values![to.as_str(), now.timestamp_micros(), id, from.as_str()]).await? {
            1 => Ok(to),
            _ => Err(StoreError::LeaseLost { subject: "ticket", id }),
        }
    }

    /// What began as a question is an objection from now on.
    pub async fn ticket_becomes_objection(&mut self, id: i64) -> Result<()> {
        self.execute_one(&BECOMES, values![id]).await
    }

    /// Whether an objection to an invoice is open.
    pub async fn is_objected(&mut self, invoice: i64) -> Result<bool> {
        Ok(self.row(&OBJECTIONS, values![invoice]).await?.integer()? > 0)
    }

    pub async fn add_ticket_message(
        &mut self,
        ticket: i64,
        item: i64,
        author: TicketAuthor,
        who: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        self.execute_one(&ADD_MESSAGE, values![ticket, item, author.as_str(), who, at.timestamp_micros()]).await
    }

    pub async fn ticket_messages(&mut self, ticket: i64) -> Result<Vec<TicketMessage>> {
        let message = |mut row: Record| {
            Ok(TicketMessage {
                ordinal: row.integer()?,
                item_id: row.integer()?,
                author: row.parsed(TicketAuthor::parse)?,
                who: row.text()?,
                at: row.instant()?,
            })
        };
        self.rows(&MESSAGES, values![ticket]).await?.into_iter().map(message).collect()
    }

    /// The item and the invoice of each letter of ours that has one of these Message-IDs, the newest first.
    pub async fn letters_identified(&mut self, message_ids: &[String]) -> Result<Vec<(Option<i64>, Option<i64>)>> {
        let list = serde_json::Value::from(message_ids.to_vec()).to_string();
        let rows = self.rows(&LETTERS, values![list]).await?;
        rows.into_iter().map(|mut row| Ok((row.integer_or_null()?, row.integer_or_null()?))).collect()
    }
}

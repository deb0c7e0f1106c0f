//! Words by which other people's letters are recognised: where an older letter begins, what a signature block is.

/// Lines that begin the older letter below, whatever follows on the line; compared in lower case.
pub const OLDER_LETTER: &[&str] = &[
    "-----original message",
    "----- original message",
    "-----исходное сообщение",
    "-----початкове повідомлення",
    "-----оригінальне повідомлення",
    "-----вихідне повідомлення",
    "---------- forwarded message",
    "---------- пересланное сообщение",
    "---------- переслане повідомлення",
    "-------- перенаправлене повідомлення",
    "-------- переслане повідомлення",
    "-------- перенаправленное сообщение",
    "-------- пересылаемое сообщение",
    "-------- forwarded message",
    "begin forwarded message:",
    "початок пересланого повідомлення",
    "начало переадресованного сообщения",
];

/// How a line ends that says who wrote the quoted text; compared in lower case.
pub const WROTE: &[&str] = &[
    "wrote:",
    "пише:",
    "написав:",
    "написала:",
    "написал:",
    "написала(-ла):",
    "пишет:",
    "написав(ла):",
    "писав:",
    "писала:",
    "писал(а):",
    "schrieb:",
];

/// First line of an Outlook block of the older letter's header; compared in lower case.
pub const OLDER_FROM: &[&str] = &["from:", "від:", "от:", "від кого:", "отправитель:", "відправник:"];

/// A line of that block below the first; compared in lower case.
pub const OLDER_SENT: &[&str] = &["sent:", "date:", "to:", "надіслано:", "дата:", "кому:", "отправлено:", "subject:", "тема:"];

/// Lines a telephone or program adds under a letter; compared in lower case.
pub const ADDED: &[&str] = &[
    "sent from my ",
    "sent from mail for ",
    "надіслано з ",
    "надіслано із ",
    "відправлено з ",
    "відправлено із ",
    "отправлено с ",
    "отправлено из ",
    "get outlook for ",
    "завантажити outlook для ",
    "--\u{a0}",
];

/// How subjects of automatic answers begin; compared in lower case.
pub const AUTOMATIC_SUBJECT: &[&str] = &[
    "automatic reply:",
    "auto reply:",
    "auto-reply:",
    "autoreply:",
    "out of office",
    "автоматична відповідь:",
    "автовідповідь:",
    "автоматический ответ:",
    "автоответ:",
    "undeliverable:",
    "undelivered mail returned",
    "delivery status notification",
    "не доставлено:",
    "недоставлено:",
    "read:",
    "прочитано:",
];

/// What programs put before the subject of an answer or a forwarded letter; compared in lower case.
pub const REPLY_PREFIX: &[&str] = &["re:", "re[", "aw:", "fw:", "fwd:", "на:", "відп:", "відповідь:", "пер:", "отв:", "ha:"];

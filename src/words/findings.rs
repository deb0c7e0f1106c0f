//! A sentence for every finding: what we saw, with the values; then what to do, one action.
//!
//! A parser's own text (`detail`) is told only to a partner's engineer, of a partner's file: elsewhere it would quote to
//! one person what a stranger wrote.

use oblik_domain::finding::{Code, Finding, Level};

mod billing;
mod copies;
mod pdf;
mod values;

use values::{
    at, changed, detail, digits, for_period, issuer, later, limit, named_period, place, plain, quoted, register, sign, signed_at,
};

/// What a finding tells a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What we saw.
    pub what: String,
    /// The one thing to do.
    pub todo: String,
}

const SIGN_AND_SEND: &str = "Підпишіть акт електронним підписом уповноваженої особи і надішліть його вкладенням.";
const SIGN_AGAIN: &str = "Підпишіть акт ще раз і надішліть файл так, як його зберегла програма підпису.";
const NEW_CERTIFICATE: &str = "Підпишіть акт чинним сертифікатом кваліфікованого надавача електронних довірчих послуг.";
const CHECK_READINGS: &str = "Перевірте показання на приладі обліку і надішліть підписаний акт з правильними значеннями.";
const SIGN_CURRENT: &str = "Підпишіть чинну редакцію акта, яку Ви отримали від нас, і надішліть її у відповідь.";
const CORRECT_ACT: &str = "Виправте акт, підпишіть його і надішліть ще раз.";
const ISSUED_ACT: &str = "Підпишіть незмінений файл акта, який Ви отримали від нас, і надішліть його ще раз.";
const ASK_SUPPLIER: &str =
    "Зверніться до постачальника і назвіть цей код: змінити ці дані можуть тільки представники постачальника.";
const CORRECT_FILE: &str = "Виправте файл і передайте його ще раз під новим іменем.";
const NOTHING_TO_DO: &str = "Від Вас нічого не потрібно.";

/// The codes whose sentences and titles `billing` tells.
macro_rules! of_billing {
    () => {
        Code::VolumeImplausible
            | Code::ParameterMissing
            | Code::SelfBillingForbidden
            | Code::ActNotSigned
            | Code::VolumeNegative
            | Code::ReadingsIncomplete
            | Code::AlreadyBilled
            | Code::OutsideWindow
            | Code::ReadingGoesBackwards
            | Code::OutOfRange
            | Code::ValidityOverlap
            | Code::ParameterUnusable
            | Code::DateImpossible
            | Code::VolumeEstimated
            | Code::LimitNotSet
            | Code::NothingToCorrect
            | Code::CalculationBroke
            | Code::ActUnderWay
    };
}

/// What `finding` saw and what is to be done, each a full sentence.
#[expect(clippy::too_many_lines, reason = "one arm a code: the compiler names the code that has no sentence")]
pub fn sentence(finding: &Finding) -> Told {
    let of = |name: &str| quoted(finding.value(name));
    let value = |name: &str| finding.value(name);
    let (what, todo) = match finding.code {
        // --- the mail itself
        Code::MailNoAct => ("У листі немає акта надання показань.".to_owned(), SIGN_AND_SEND),
        Code::MailSeveralActs => {
            ("У листі кілька документів, а має бути один.".to_owned(), "Надішліть кожен документ окремим листом.")
        }
        Code::MailUnsigned => ("Акт у листі не підписано електронним підписом.".to_owned(), SIGN_AND_SEND),
        Code::MailSignatureAlone => (
            "У листі є електронний підпис, але немає файлу, який ним підписано.".to_owned(),
            "Надішліть в одному листі обидва файли: акт і підпис до нього.",
        ),
        Code::MailPhoto => {
            ("У листі фотографія або скан-копія, а потрібен акт з електронним підписом.".to_owned(), SIGN_AND_SEND)
        }
        Code::MailArchive => (
            "У листі архів, а потрібен сам акт з електронним підписом.".to_owned(),
            "Розпакуйте архів і надішліть підписаний акт вкладенням без архіву.",
        ),
        Code::MailEncrypted => (
            "Лист зашифровано, і його не вдалося відкрити нашим ключем або в ньому немає підписаного акта.".to_owned(),
            "Спочатку підпишіть акт, потім зашифруйте лист на наш чинний сертифікат, або надішліть його незашифрованим.",
        ),
        Code::MailUnreadable => {
            ("Лист не вдалося прочитати.".to_owned(), "Створіть новий лист і вкладіть у нього підписаний акт.")
        }
        Code::MailTooLarge => (
            format!("Лист більший, ніж ми приймаємо{}.", limit(value("what"), value("limit"))),
            "Надішліть тільки підписаний акт, без інших вкладень.",
        ),
        Code::MailAmbiguous => (
            format!("Лист складено так, що поле{} можна прочитати по-різному.", of("field")),
            "Створіть новий лист у звичайній поштовій програмі і вкладіть у нього підписаний акт.",
        ),
        Code::MailFromMachine => {
            (format!("Лист надіслано автоматично{}, на такі листи ми не відповідаємо.", sign(value("sign"))), NOTHING_TO_DO)
        }
        Code::MailSenderUnknown => (
            "Адресу відправника не зареєстровано за жодним договором.".to_owned(),
            "Надішліть лист з адреси, яку вказано в договорі.",
        ),

        // --- the signature
        Code::SignatureMissing => ("У файлі немає електронного підпису.".to_owned(), SIGN_AND_SEND),
        Code::SignatureFormat => ("Файл підпису не вдалося прочитати.".to_owned(), SIGN_AGAIN),
        Code::SignatureTampered => {
            ("Файл відрізняється від того, який було підписано: після підписання його змінено.".to_owned(), SIGN_AGAIN)
        }
        Code::SignatureInvalid => ("Електронний підпис не відповідає сертифікату підписувача.".to_owned(), SIGN_AGAIN),
        Code::SignatureAttributes => ("Дані електронного підпису складено з порушенням стандарту.".to_owned(), SIGN_AGAIN),
        Code::SignerCertificateMissing => (
            "Разом з підписом немає сертифіката підписувача.".to_owned(),
            "Підпишіть акт ще раз, увімкнувши в програмі підпису додавання сертифіката.",
        ),
        Code::SignatureUntrusted if value("problem") == "missing" => (
            format!("Немає сертифіката надавача{}, який видав сертифікат{}.", of("issuer"), of("subject")),
            "Підпишіть акт ще раз, увімкнувши в програмі підпису додавання всіх сертифікатів.",
        ),
        Code::SignatureUntrusted if value("problem") == "withdrawn" => (
            format!(
                "Надавач{}, який видав сертифікат підписувача, на час підписання не був чинним у Довірчому списку.",
                of("subject")
            ),
            NEW_CERTIFICATE,
        ),
        Code::SignatureUntrusted if value("problem") == "list-outdated" => (
            format!("Поки що не вдалося дізнатися, чи є надавач{} чинним у Довірчому списку.", of("subject")),
            "Зачекайте: ми перевіримо підпис ще раз і повідомимо про результат.",
        ),
        Code::SignatureUntrusted => (
            format!("Сертифікат{} видано{}, якого немає серед довірених надавачів.", of("subject"), issuer(value("issuer"))),
            NEW_CERTIFICATE,
        ),
        Code::CertificateChain => (format!("Сертифікат{} складено з порушенням правил.", of("subject")), NEW_CERTIFICATE),
        Code::CertificateExpired => (
            format!("Строк дії сертифіката{} закінчився{}{}.", of("subject"), at(value("until")), signed_at(value("moment"))),
            NEW_CERTIFICATE,
        ),
        Code::CertificateNotYetValid => (
            format!("Сертифікат{} починає діяти{}{}.", of("subject"), later(value("from")), signed_at(value("moment"))),
            NEW_CERTIFICATE,
        ),
        Code::CertificateRevoked => (format!("Сертифікат{} скасовано{}.", of("subject"), at(value("at"))), NEW_CERTIFICATE),
        Code::CertificateSuspended => (
            format!("Дію сертифіката{} призупинено{}.", of("subject"), at(value("at"))),
            "Поновіть дію сертифіката в надавача або підпишіть акт іншим чинним сертифікатом.",
        ),
        Code::CertificateRevokedLater => {
            (format!("Сертифікат{} скасовано{}, уже після підписання.", of("subject"), at(value("at"))), NOTHING_TO_DO)
        }
        Code::RevocationUnknown if finding.level != Level::Error => {
            (format!("Не вдалося дізнатися, чи не скасовано сертифікат{}.", of("subject")), NOTHING_TO_DO)
        }
        Code::RevocationUnknown => (
            format!("Не вдалося дізнатися, чи не скасовано сертифікат{}.", of("subject")),
            "Надішліть акт ще раз пізніше; якщо відповідь буде така сама, зверніться до надавача, який видав сертифікат.",
        ),
        Code::CertificateKeyUsage => (
            format!("Сертифікат{} не призначено для підписання документів.", of("subject")),
            "Підпишіть акт тим сертифікатом, який призначено для електронного підпису.",
        ),
        Code::SignatureAlgorithm => {
            (format!("Підпис створено за алгоритмом{}, якого ми не приймаємо.", of("algorithm")), NEW_CERTIFICATE)
        }
        Code::SignatureLimit => (
            format!("Підпис більший або складніший, ніж ми приймаємо{}.", limit(value("what"), value("limit"))),
            "Підпишіть акт одним підписом і надішліть його ще раз.",
        ),
        Code::SignatureTimestamp => (
            "Позначку часу, яку додано до підпису, не підтверджено.".to_owned(),
            "Якщо підпис не прийнято, підпишіть акт ще раз, увімкнувши в програмі підпису позначку часу.",
        ),
        Code::SignatureCounter if value("problem").is_empty() => {
            (format!("До підпису додано засвідчувальний підпис{}.", of("signer")), NOTHING_TO_DO)
        }
        Code::SignatureCounter => {
            (format!("Засвідчувальний підпис{}, який додано до підпису, не підтверджено.", of("signer")), NOTHING_TO_DO)
        }
        Code::SignatureTwice => (format!("Той самий підпис{} стоїть у файлі двічі.", of("signer")), SIGN_AGAIN),
        Code::SignerIdentity => (format!("У сертифікаті{} наведено різні коди власника.", of("subject")), NEW_CERTIFICATE),

        // --- a container of ASiC
        Code::AsicFormat => {
            ("Контейнер ASiC складено з порушенням стандарту або його можна прочитати по-різному.".to_owned(), SIGN_AGAIN)
        }
        Code::AsicUnsignedFile => (
            format!("У контейнері є файл{}, якого не охоплює підпис.", of("name")),
            "Створіть новий контейнер тільки з підписаним актом і надішліть його ще раз.",
        ),
        Code::AsicXades => (
            "Підпис у контейнері створено у форматі XAdES, якого ми не приймаємо.".to_owned(),
            "Підпишіть акт у форматі CAdES (окремим файлом підпису чи в контейнері ASiC) і надішліть його ще раз.",
        ),
        Code::AsicNotJudged => (format!("Файл{} у контейнері окремо не перевірено.", of("name")), NOTHING_TO_DO),

        // --- a PDF
        Code::PdfBroken | Code::PdfByteRange | Code::PdfChanged | Code::PdfForbidden => {
            (pdf::seen(finding).to_owned(), ISSUED_ACT)
        }
        Code::PdfNotIssued => {
            ("Цей файл PDF створено не нами, тому показання з нього не можна прочитати однозначно.".to_owned(), ISSUED_ACT)
        }

        // --- the act
        Code::ActXml => (format!("Акт у форматі XML складено з помилкою{}.", place(finding)), CORRECT_ACT),
        Code::ActSigner => (
            format!("Особу{} не уповноважено підписувати документи за цим договором.", of("signer")),
            "Підпишіть акт підписом уповноваженої особи або подайте постачальнику документ про повноваження.",
        ),
        Code::ActAlreadyAccepted => {
            (format!("Цей акт{} ми вже прийняли{}.", for_period(value("period")), at(value("accepted"))), NOTHING_TO_DO)
        }
        Code::ActAccountUnknown => (
            "Особовий рахунок, зазначений в акті, не знайдено.".to_owned(),
            "Перевірте номер договору в акті і надішліть підписаний акт ще раз.",
        ),
        Code::ActPeriod => (
            format!("За період{} акт зараз не приймається.", named_period(value("period"))),
            "Надішліть акт за поточний місяць або за один з дванадцяти попередніх.",
        ),
        Code::ActRegisterUnknown => (
            format!(
                "В акті є рядок, якого немає в особовому рахунку: точка{}, прилад{}, {}.",
                of("point"),
                of("meter"),
                register(finding)
            ),
            CORRECT_ACT,
        ),
        Code::ActRegisterTwice => {
            (format!("Показання приладу{} ({}) наведено в акті двічі.", of("meter"), register(finding)), CORRECT_ACT)
        }
        Code::ActVoided => (
            format!(
                "Підписано редакцію акта{}{}, яка більше не діє, бо показання змінилися{}.",
                plain(value("version")),
                for_period(value("period")),
                changed(value("changed"))
            ),
            SIGN_CURRENT,
        ),
        Code::ActDigits => (
            format!(
                "Показання{} приладу{} ({}) має більше цифр, ніж шкала приладу{}.",
                plain(value("total")),
                of("meter"),
                register(finding),
                digits(value("digits"))
            ),
            CHECK_READINGS,
        ),

        // --- billing
        of_billing!() => billing::sentence(finding),
        Code::CopyNotExact | Code::CopyNotSigned | Code::CopyOfXml | Code::CopyAlreadyReceived => copies::sentence(finding),

        // --- a partner's file
        Code::FileFormat => (format!("Формат файлу не розпізнано{}.", detail(finding)), CORRECT_FILE),
        Code::FileXml => (format!("Файл не є правильним XML{}{}.", place(finding), detail(finding)), CORRECT_FILE),
        Code::FileSchema => (format!("Файл не відповідає схемі{}{}.", place(finding), detail(finding)), CORRECT_FILE),
        Code::FileDuplicate => (format!("Повідомлення{} вже оброблено раніше.", of("message")), NOTHING_TO_DO),
        Code::FileRecord => (format!("Запис не прийнято{}{}.", place(finding), detail(finding)), CORRECT_FILE),
        Code::FileTooLarge => (
            format!("Файл більший, ніж ми приймаємо{}.", limit(value("what"), value("limit"))),
            "Поділіть файл на менші і передайте їх під новими іменами.",
        ),
    };
    Told { what, todo: todo.to_owned() }
}

/// A title of two to five words.
pub fn short(code: Code) -> &'static str {
    match code {
        Code::MailNoAct => "Немає акта",
        Code::MailSeveralActs => "Кілька документів",
        Code::MailUnsigned => "Акт не підписано",
        Code::MailSignatureAlone => "Підпис без файлу",
        Code::MailPhoto => "Фото замість акта",
        Code::MailArchive => "Архів замість акта",
        Code::MailEncrypted => "Зашифрований лист",
        Code::MailUnreadable => "Лист не читається",
        Code::MailTooLarge => "Завеликий лист",
        Code::MailAmbiguous => "Лист неоднозначний",
        Code::MailFromMachine => "Автоматичний лист",
        Code::MailSenderUnknown => "Невідомий відправник",
        Code::SignatureMissing => "Немає підпису",
        Code::SignatureFormat => "Підпис не читається",
        Code::SignatureTampered => "Файл змінено",
        Code::SignatureInvalid => "Підпис недійсний",
        Code::SignatureAttributes => "Підпис порушує стандарт",
        Code::SignerCertificateMissing => "Немає сертифіката",
        Code::SignatureUntrusted => "Недовірений сертифікат",
        Code::CertificateChain => "Сертифікат порушує правила",
        Code::CertificateExpired => "Сертифікат прострочено",
        Code::CertificateNotYetValid => "Сертифікат ще не діє",
        Code::CertificateRevoked => "Сертифікат скасовано",
        Code::CertificateSuspended => "Сертифікат призупинено",
        Code::CertificateRevokedLater => "Скасовано після підписання",
        Code::RevocationUnknown => "Стан сертифіката невідомий",
        Code::CertificateKeyUsage => "Сертифікат не для підпису",
        Code::SignatureAlgorithm => "Алгоритм не приймається",
        Code::SignatureLimit => "Завеликий підпис",
        Code::SignatureTimestamp => "Час підпису не підтверджено",
        Code::SignatureCounter => "Засвідчувальний підпис",
        Code::SignatureTwice => "Підпис стоїть двічі",
        Code::SignerIdentity => "Різні коди в сертифікаті",
        Code::AsicFormat => "Контейнер не читається",
        Code::AsicUnsignedFile => "Непідписаний файл",
        Code::AsicXades => "Підпис XAdES",
        Code::AsicNotJudged => "Окремо не перевірено",
        Code::PdfBroken => "Файл PDF пошкоджено",
        Code::PdfByteRange => "Підпис охоплює не все",
        Code::PdfChanged => "Файл PDF змінено",
        Code::PdfForbidden => "Активний вміст у PDF",
        Code::PdfNotIssued => "Чужий файл PDF",
        Code::ActXml => "Помилка в акті",
        Code::ActSigner => "Підписувач не уповноважений",
        Code::ActAlreadyAccepted => "Акт вже прийнято",
        Code::ActAccountUnknown => "Рахунок не знайдено",
        Code::ActPeriod => "Період не приймається",
        Code::ActRegisterUnknown => "Невідомий прилад",
        Code::ActRegisterTwice => "Показання наведено двічі",
        Code::ActVoided => "Стара редакція акта",
        Code::ActDigits => "Забагато цифр",
        of_billing!() => billing::short(code),
        Code::CopyNotExact | Code::CopyNotSigned | Code::CopyOfXml | Code::CopyAlreadyReceived => copies::short(code),
        Code::FileFormat => "Невідомий формат файлу",
        Code::FileXml => "Файл не читається",
        Code::FileSchema => "Файл не відповідає схемі",
        Code::FileDuplicate => "Вже оброблено",
        Code::FileRecord => "Запис не прийнято",
        Code::FileTooLarge => "Завеликий файл",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Latin words a customer meets in a signing program and knows.
    const ALLOWED: [&str; 5] = ["PDF", "XML", "ASiC", "CAdES", "XAdES"];

    fn assert_sentence(code: Code, text: &str) {
        assert!(text.ends_with('.') && !text.ends_with(".."), "{code}: {text}");
        assert!(text.chars().next().is_some_and(char::is_uppercase), "{code}: {text}");
        for fault in ["  ", " .", " ,", "«»", "()", ",,", ": ."] {
            assert!(!text.contains(fault), "{code} has {fault:?}: {text}");
        }
        let latin = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        for word in latin {
            assert!(ALLOWED.contains(&word), "{code} says {word}: {text}");
        }
    }

    fn full(code: Code) -> Finding {
        let values = [
            ("what", "bytes"),
            ("limit", "100"),
            ("field", "Від"),
            ("sign", "Автовідповідь"),
            ("detail", "деталь."),
            ("subject", "АТ «ХОБЗ»"),
            ("issuer", "ЦСК"),
            ("until", "2026-10-31"),
            ("moment", "2026-11-01T10:00:00Z"),
            ("from", "2026-11-02"),
            ("at", "2026-10-01T00:00:00Z"),
            ("algorithm", "1.2.840"),
            ("signer", "Іваненко І. І."),
            ("contract", "270000017"),
            ("period", "2026-10"),
            ("accepted", "2026-11-01T10:00:00Z"),
            ("point", "6227000000100174"),
            ("meter", "0012345"),
            ("register", "active-import/night"),
            ("total", "123456"),
            ("digits", "5"),
            ("parameter", "vat-rate"),
            ("day", "2026-10-01"),
            ("reason", "expired"),
            ("registers", "0012345 (active-import/night), 0012345 (active-import/peak)"),
            ("invoice", "2026-000001"),
            ("previous", "100"),
            ("current", "99"),
            ("message", "77"),
            ("version", "1"),
            ("changed", "0012345 (active-import/night) 100 → 120"),
        ];
        values.into_iter().fold(Finding::error(code).at(3, 14), |finding, (name, value)| finding.with(name, value))
    }

    #[test]
    fn every_finding_says_what_was_seen_and_what_to_do() {
        for code in Code::ALL {
            // Without its values a sentence may say less, but it stays a sentence.
            for finding in [Finding::error(*code), full(*code)] {
                let told = sentence(&finding);
                assert_sentence(*code, &told.what);
                assert_sentence(*code, &told.todo);
            }
            let title = short(*code);
            let told_of: Vec<&Code> = Code::ALL.iter().filter(|other| short(**other) == title).collect();
            assert!(told_of.len() == 1 && title != billing::UNTOLD, "{title}: {told_of:?}");
            assert!(!title.is_empty() && !title.ends_with('.') && title.split(' ').count() <= 5, "{code}: {title}");
        }
    }

    #[test]
    fn a_signed_pdf_is_told_by_what_was_seen_in_it() {
        let cases = [
            (Code::PdfForbidden, "encryption", "Файл PDF захищено паролем або зашифровано."),
            (Code::PdfForbidden, "several-attachments", "До файлу PDF прикріплено кілька файлів, а має бути один."),
            (Code::PdfForbidden, "", "У файлі PDF є сценарії або інший активний вміст."),
            (Code::PdfChanged, "shadow-hide", "З файлу PDF після підписання прибрано те, що закривало інший вміст."),
            (Code::PdfChanged, "incremental-saving", "Файл PDF змінено після підписання."),
            (Code::PdfByteRange, "signature-wrapping", "Електронний підпис охоплює не весь файл PDF."),
            (Code::PdfBroken, "polyglot", "У файлі PDF міститься ще один файл іншого формату."),
            (Code::PdfBroken, "", "Файл PDF пошкоджено або передано не повністю."),
        ];
        for (code, attack, text) in cases {
            let told = sentence(&Finding::error(code).with("attack", attack));
            assert_sentence(code, &told.what);
            assert_eq!(told.what, text);
        }
        let filled = sentence(&Finding::error(Code::PdfChanged).with("change", "form-fill"));
        assert_eq!(filled.what, "Поля файлу PDF заповнено після підписання.");
    }

    #[test]
    fn the_values_are_in_the_sentence() {
        let cases = [
            (Code::ReadingGoesBackwards, "Показання 99 приладу «0012345» (СА, активна спожита, ніч) менше за попереднє 100."),
            (Code::ParameterMissing, "Значення параметра не знайдено: ставка ПДВ на 01.10.2026, строк дії вже закінчився."),
            (Code::ActAlreadyAccepted, "Цей акт за жовтень 2026 ми вже прийняли 01.11.2026 12:00:00."),
            (
                Code::ActVoided,
                "Підписано редакцію акта 1 за жовтень 2026, яка більше не діє, бо показання змінилися: 0012345 (СА, активна спожита, ніч) 100 → 120.",
            ),
            (Code::ActXml, "Акт у форматі XML складено з помилкою, рядок 3, позиція 14."),
            (Code::FileRecord, "Запис не прийнято, рядок 3, позиція 14: «деталь»."),
            (Code::MailTooLarge, "Лист більший, ніж ми приймаємо: розмір у байтах, найбільше 100."),
        ];
        for (code, text) in cases {
            assert_eq!(sentence(&full(code)).what, text);
        }
    }

    #[test]
    fn a_strangers_parser_text_is_never_told_to_a_customer() {
        for code in Code::ALL.iter().filter(|code| !code.as_str().starts_with("FILE-")) {
            let told = sentence(&Finding::error(*code).with("detail", "ШКІДЛИВЕ"));
            assert!(!format!("{told:?}").contains("ШКІДЛИВЕ"), "{code}");
        }
    }

    #[test]
    fn no_sentence_blames() {
        for code in Code::ALL {
            let text = format!("{:?}", sentence(&full(*code))).to_lowercase();
            for word in ["ваша помилка", "ви помилились", "винні", "неправильно заповнили", "порушили"]
            {
                assert!(!text.contains(word), "{code}: {text}");
            }
        }
    }
}

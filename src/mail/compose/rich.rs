//! The HTML form of a letter: one column, system type, no pictures, nothing loaded; readable in light and dark, by eye and by
//! screen reader, and in mail programs that know tables and inline styles only.

use oblik_words::body::{Block, Body, CODE, Point, Row, TO_DO, Tone, Value};

/// Text as text: every value that came from outside passes here (T13).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// Colours of the status line: ink, paper, rule. Each pair has a contrast of at least seven to one.
fn colours(tone: Tone) -> [&'static str; 3] {
    match tone {
        Tone::Accepted => ["#0b4a2b", "#e7f4ec", "#1f8a54"],
        Tone::Notice => ["#5a3b00", "#fdf3dc", "#c78a12"],
        Tone::Refused => ["#6b1616", "#fbeaea", "#c23b3b"],
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Accepted => "accepted",
        Tone::Notice => "notice",
        Tone::Refused => "refused",
    }
}

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const MONO: &str = "font-family:ui-monospace,Consolas,'Liberation Mono',Menlo,monospace;font-size:13px;word-break:break-all";

/// Programs that know `prefers-color-scheme` get these; the others keep the inline light colours.
const DARK: &str = "@media (prefers-color-scheme:dark){\
body,.page{background:#15181c!important}\
.card{background:#1d2126!important;border-color:#343b43!important}\
.ink,.ink td{color:#e8ebee!important}\
.ink td,.ink th{border-color:#343b43!important}\
.soft{color:#a9b2bc!important}\
.point{border-color:#343b43!important}\
.accepted{background:#12331f!important;color:#c9f0d8!important}\
.notice{background:#3a2c0c!important;color:#f8e3b2!important}\
.refused{background:#421c1c!important;color:#f8d3d3!important}}\
@media (max-width:480px){.row th,.row td{display:block!important;width:auto!important}\
.row th{padding-bottom:0!important;border-bottom:0!important}.row td{padding-top:2px!important}}";

pub(super) fn html(body: &Body, subject: &str) -> String {
    let [ink, paper, rule] = colours(body.status.tone);
    let blocks: String = body.blocks.iter().map(block).collect();
    let footer = body.footer.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>\n");
    format!(
        "<!DOCTYPE html>\n<html lang=\"uk\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n\
<title>{title}</title>\n<style>:root{{color-scheme:light dark}}{DARK}</style>\n</head>\n\
<body style=\"margin:0;padding:0;background:#f3f4f6\">\n\
<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f3f4f6\"><tr>\
<td align=\"center\" style=\"padding:24px 12px\">\n\
<table role=\"presentation\" class=\"card\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" \
style=\"width:100%;max-width:600px;background:#ffffff;border:1px solid #dfe3e8;border-radius:8px;border-collapse:separate\">\n\
<tr><td class=\"{class}\" style=\"padding:18px 24px;background:{paper};color:{ink};border-left:4px solid {rule};\
border-radius:7px 7px 0 0;{FONT}\">\
<h1 style=\"margin:0;font-size:20px;line-height:1.3;font-weight:600\">{status}</h1></td></tr>\n\
<tr><td class=\"ink\" style=\"padding:20px 24px 8px;color:#1f2933;font-size:15px;line-height:1.5;{FONT}\">\n{blocks}</td></tr>\n\
<tr><td class=\"soft\" style=\"padding:8px 24px 20px;color:#5b6672;font-size:13px;line-height:1.45;{FONT}\">\n{footer}</td></tr>\n\
</table>\n</td></tr></table>\n</body>\n</html>\n",
        title = escaped(subject),
        class = class(body.status.tone),
        status = escaped(&body.status.text),
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(text) => format!("<p style=\"margin:0 0 14px\">{}</p>\n", escaped(text)),
        Block::Heading(text) => {
            format!("<h2 style=\"margin:20px 0 8px;font-size:16px;line-height:1.3;font-weight:600\">{}</h2>\n", escaped(text))
        }
        Block::Table(rows) => table(rows),
        Block::List(points) => {
            let items: String = points.iter().map(point).collect();
            format!("<ol style=\"margin:0 0 14px;padding-left:24px\">\n{items}</ol>\n")
        }
    }
}

fn table(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let value = escaped(row.value.as_str());
        let value = match row.value {
            Value::Text(_) => value,
            Value::Strong(_) => format!("<strong style=\"font-size:17px\">{value}</strong>"),
            Value::Code(_) => format!("<code style=\"{MONO}\">{value}</code>"),
        };
        format!(
            "<tr class=\"row\"><th scope=\"row\" align=\"left\" width=\"38%\" class=\"soft\" \
style=\"width:38%;padding:7px 12px 7px 0;border-bottom:1px solid #e6e9ed;color:#5b6672;font-weight:400;text-align:left;\
vertical-align:baseline\">{}</th><td style=\"padding:7px 0;border-bottom:1px solid #e6e9ed;vertical-align:baseline\">{value}</td></tr>\n",
            escaped(&row.name)
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<table class=\"ink\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
style=\"width:100%;margin:0 0 16px;border-collapse:collapse;font-size:15px;line-height:1.45\">\n{rows}</table>\n"
    )
}

fn point(point: &Point) -> String {
    format!(
        "<li class=\"point\" style=\"margin:0 0 14px\"><strong>{}</strong><br>\n{}<br>\n\
<span style=\"font-weight:600\">{TO_DO}:</span> {}<br>\n<span class=\"soft\" style=\"color:#5b6672;font-size:13px\">{CODE}: \
<code style=\"{MONO}\">{}</code></span></li>\n",
        escaped(&point.title),
        escaped(&point.text),
        escaped(&point.todo),
        escaped(&point.code)
    )
}

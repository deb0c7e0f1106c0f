# The peer of the documents benchmark: WeasyPrint makes the same invoice from the same values, in one warm process.
#
#   python peer.py ROUNDS < invoice.json     prints: processor seconds a document, octets of it, pages, peak kilobytes
#
# The page has what ours has: the sum with its code, the parties, the charges, the breakdown, the chart and the reasons, as
# tagged PDF/A-3 with embedded fonts. Nothing is read from the network.
import html
import json
import resource
import sys
import time

import weasyprint
from weasyprint.text.fonts import FontConfiguration

CSS = """
@page { size: A4; margin: 15mm 15mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
body { font-family: "IBM Plex Sans", "DejaVu Sans", sans-serif; font-size: 8.8pt; color: #161f29 }
h1 { font-size: 18pt } h2 { font-size: 13pt }
.due { background: #ecf5f3; border-radius: 8pt; padding: 12pt } .due b { font-size: 35pt; color: #00625a }
table { width: 100%; border-collapse: collapse; font-size: 8.2pt } td, th { border-bottom: .5pt solid #d8dee3; padding: 2pt 4pt }
td.n { text-align: right } tr { break-inside: avoid } thead { display: table-header-group }
svg { width: 60mm; height: 60mm }
"""


def cell(value):
    text = "" if value is None else str(value)
    number = text.replace("-", "").replace(".", "").isdigit()
    return f'<td class="n">{html.escape(text)}</td>' if number else f"<td>{html.escape(text)}</td>"


def table(heads, rows):
    head = "".join(f"<th>{html.escape(title)}</th>" for title in heads)
    body = "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def code(side=73):
    # As many dark modules as a payment code has; which ones they are costs nothing.
    modules = "".join(f"M{x} {y}h1v1h-1z" for y in range(side) for x in range(side) if (x * 7 + y * 13 + x * y) % 3 == 0)
    return f'<svg viewBox="0 0 {side} {side}"><path d="{modules}"/></svg>'


def page(invoice):
    bill = invoice["bill"]
    seller, buyer = invoice["seller"], invoice["buyer"]
    lines = [
        (number, line["kind"], line["voltage_class"], line["zone"], line["quantity"], line["price"], line["net"] / 100)
        for number, line in enumerate(bill["lines"], 1)
    ]
    rows = [
        (
            row["register"]["point"],
            row["register"]["meter"],
            row["register"]["kind"],
            row["register"]["zone"],
            row["opening"] / 1000,
            row["closing"] / 1000,
            row["coefficient"],
            row["volume"],
        )
        for row in bill["rows"]
    ]
    steps = [(step["rule"], step["subject"], step["formula"], step["result"]) for step in bill["trace"]]
    bars = "".join(f'<rect x="{n * 8}" y="{100 - n * 7}" width="6" height="{n * 7}"/>' for n in range(1, 13))
    return f"""<!DOCTYPE html><html lang="uk"><head><meta charset="utf-8"><title>{html.escape(buyer["name"])}</title>
<style>{CSS}</style></head><body><h1>{html.escape(seller["name"])}</h1>
<div class="due"><b>{bill["total"] / 100:.2f}</b>{code()}</div>
<p>{html.escape(seller["address"])} {seller["iban"]}</p><p>{html.escape(buyer["name"])} {html.escape(buyer["address"])}</p>
<h2>1</h2>{table(["№", "a", "b", "c", "d", "e", "f"], lines)}<svg viewBox="0 0 110 100">{bars}</svg>
<h2>2</h2>{table(["EIC", "a", "b", "c", "d", "e", "f", "g"], rows)}<h2>3</h2>{table(["a", "b", "c", "d"], steps)}</body></html>"""


def main():
    rounds = int(sys.argv[1])
    invoice = json.load(sys.stdin)
    fonts = FontConfiguration()

    def make():
        document = weasyprint.HTML(string=page(invoice)).render(font_config=fonts)
        return document.write_pdf(pdf_variant="pdf/a-3a", pdf_tags=True), len(document.pages)

    make()
    began = time.process_time()
    for _ in range(rounds):
        pdf, pages = make()
    spent = (time.process_time() - began) / rounds
    print(f"{spent:.6f} {len(pdf)} {pages} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")


main()

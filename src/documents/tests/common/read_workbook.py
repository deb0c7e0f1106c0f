# Reads a workbook with nothing but the standard library: each sheet's cells as `sheet!A1 kind value`, formulas told apart.
import sys
import xml.etree.ElementTree as tree
import zipfile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
book = zipfile.ZipFile(sys.argv[1])
assert book.testzip() is None
shared = [
    "".join(text.text or "" for text in item.iter(MAIN + "t"))
    for item in tree.fromstring(book.read("xl/sharedStrings.xml"))
]
sheets = [sheet.get("name") for sheet in tree.fromstring(book.read("xl/workbook.xml")).iter(MAIN + "sheet")]
formats = {
    format.get("numFmtId"): format.get("formatCode")
    for format in tree.fromstring(book.read("xl/styles.xml")).iter(MAIN + "numFmt")
}
styles = [
    style.get("numFmtId") for style in tree.fromstring(book.read("xl/styles.xml")).find(MAIN + "cellXfs").iter(MAIN + "xf")
]
for number, name in enumerate(sheets, 1):
    for cell in tree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter(MAIN + "c"):
        assert cell.find(MAIN + "f") is None, "a formula"
        value = cell.find(MAIN + "v")
        if value is None:
            continue
        if cell.get("t") == "s":
            print(f"{name}!{cell.get('r')} text {shared[int(value.text)]}")
        else:
            style = styles[int(cell.get("s") or 0)]
            print(f"{name}!{cell.get('r')} {formats.get(style, style)} {value.text}")

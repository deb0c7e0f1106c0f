"""Reads PDFs with pyHanko's reader and holds the widgets of their signatures against the structure of tags.

A line of input has the name of a PDF. Printed for each: left, top, right and bottom edge of the supplier's widget on the first
page, from that page's top left, in points.
"""
import sys

from pyhanko.pdf_utils.reader import PdfFileReader


def first_page(node):
    while node["/Type"] == "/Pages":
        node = node["/Kids"][0]
    return node


def in_tree(node, number):
    """What a number tree has under a number, as it is written there."""
    if "/Nums" in node:
        nums = node["/Nums"]
        for at in range(0, len(nums), 2):
            if nums[at] == number:
                return nums.raw_get(at + 1)
    for kid in (kid.get_object() for kid in node.get("/Kids", [])):
        if "/Limits" not in kid or kid["/Limits"][0] <= number <= kid["/Limits"][1]:
            return in_tree(kid, number)
    return None


def kids(element):
    kid = element.raw_get("/K")
    held = element["/K"]
    return [held.raw_get(at) for at in range(len(held))] if isinstance(held, list) else [kid]


for line in sys.stdin:
    name = line.strip()
    with open(name, "rb") as file:
        reader = PdfFileReader(file)
        root = reader.root
        tree = root["/StructTreeRoot"]
        page = first_page(root["/Pages"])
        assert root["/MarkInfo"]["/Marked"] and root["/Lang"], name
        assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1", name
        told = root["/Metadata"].data
        assert b"pdfaid" in told and b"http://www.aiim.org/pdfa/ns/id/" in told, name
        annotations = page["/Annots"]
        of_page = [annotations.raw_get(at) for at in range(len(annotations))]
        all_fields = root["/AcroForm"]["/Fields"]
        fields = {str(all_fields[at]["/T"]): (all_fields[at], all_fields.raw_get(at)) for at in range(len(all_fields))}
        assert {"supplier", "customer"} <= set(fields), (name, list(fields))
        for title, (field, reference) in fields.items():
            assert field["/FT"] == "/Sig" and field["/Subtype"] == "/Widget", (name, title)
            flags = int(field["/F"])
            left, bottom, right, top = (float(number) for number in field["/Rect"])
            if left == right or bottom == top:
                assert title != "supplier", name
                continue
            # Printed, neither hidden nor without a view; looks like something (ISO 19005-3 §6.3).
            assert flags & 4 and not flags & (1 | 2 | 32), (name, title, flags)
            assert "/N" in field["/AP"], (name, title)
            assert page["/Tabs"] == "/S" and reference in of_page, (name, title)
            owner = in_tree(tree["/ParentTree"], int(field["/StructParent"]))
            assert owner is not None, (name, title)
            element = owner.get_object()
            assert element["/S"] == "/Form", (name, title, element["/S"])
            objects = [kid for kid in kids(element) if kid.get_object().get("/Type") == "/OBJR"]
            assert [kid.get_object().raw_get("/Obj") for kid in objects] == [reference], (name, title)
            assert int(field["/StructParent"]) < int(tree["/ParentTreeNextKey"]), (name, title)
            # Up to the root of the tree each is among the kids of the one above.
            below, above = owner, element.raw_get("/P")
            while True:
                assert below in kids(above.get_object()), (name, title)
                if above.get_object().get("/Type") == "/StructTreeRoot":
                    break
                below, above = above, above.get_object().raw_get("/P")
        left, bottom, right, top = (float(number) for number in fields["supplier"][0]["/Rect"])
        height = float(page["/MediaBox"][3])
        print(left, height - top, right, height - bottom, sep="\t")

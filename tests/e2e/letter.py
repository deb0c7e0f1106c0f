"""Tells what Python's own mail reader finds in each message named on the command line; attachments go to files."""
import email
import email.policy
import json
import os
import sys
import tempfile


def told(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    text, html, files, defects = "", "", [], []
    for part in message.walk():
        defects += [type(defect).__name__ for defect in part.defects]
        if part.is_multipart():
            continue
        if part.get_content_disposition() == "attachment" or part.get_filename():
            handle, where = tempfile.mkstemp(prefix="oblik-e2e-")
            with os.fdopen(handle, "wb") as out:
                out.write(part.get_payload(decode=True))
            files.append({"name": part.get_filename(), "type": part.get_content_type(), "path": where})
        elif part.get_content_type() == "text/plain":
            text += part.get_content()
        elif part.get_content_type() == "text/html":
            html += part.get_content()
    headers = {}
    for name, value in message.items():
        name = name.lower()
        headers[name] = headers[name] + "\n" + str(value) if name in headers else str(value)
    return {
        "id": str(message["Message-ID"]).strip(),
        "to": ", ".join(address.addr_spec for address in message["To"].addresses),
        "subject": str(message["Subject"]),
        "text": text,
        "html": html,
        "files": files,
        "headers": headers,
        "defects": defects,
    }


json.dump([told(path) for path in sys.argv[1:]], sys.stdout)

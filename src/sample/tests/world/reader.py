"""Reads a message from standard input and tells what Python's own reader finds in it."""
import base64, email, email.policy, json, sys

message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
files = []
text = ""
for part in message.walk():
    if part.is_multipart():
        continue
    name = part.get_filename()
    if name:
        files.append([name, part.get_content_type(), base64.b64encode(part.get_payload(decode=True)).decode()])
    elif part.get_content_type() == "text/plain" and not text:
        text = part.get_content()
sender = message["From"].addresses[0]
defects = [type(defect).__name__ for part in message.walk() for defect in part.defects]
json.dump({"from": sender.addr_spec, "name": sender.display_name, "subject": message["Subject"], "text": text.strip().replace("\r\n", "\n"),
           "files": files, "type": message.get_content_type(), "defects": defects}, sys.stdout)

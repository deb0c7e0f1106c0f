// Makes DSTU 4145 keys, certificates and messages with jkurwa, in the working folder, which holds `content`.
//
//   node maker.js FOLDER_OF_NODE_MODULES VALID_FROM VALID_UNTIL   (seconds since 1970)
const fs = require("fs");
const [tools, from, to] = process.argv.slice(2);
const load = (name) => require(`${tools}/node_modules/${name}`);
const jk = load("jkurwa"), { gosthash } = load("gost89");
const { Certificate } = jk, Message = jk.models.Message;
const hash = (data) => Buffer.from(gosthash(Buffer.from(data)));
const element = (tag, value) => {
    const length = value.length < 128 ? [value.length] : value.length < 256 ? [129, value.length] : [130, value.length >> 8, value.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), value]);
};

// A certificate for `pair` by `issuer`, itself where there is none. jkurwa's own authority key identifier is not that of RFC 5280.
function certificate(serial, name, pair, issuer, extensions) {
    const by = issuer || { name, pair };
    const id = (each) => each.pub().keyid({ hash });
    const tbs = Certificate.createTBS({
        serial, algorithm: "Dstu4145le", curve: pair.curve.name(), sbox: jk.dstszi2010.DEFAULT_SBOX_COMPRESSED, hash, pubkey: pair.pub(),
        issuer: { countryName: "UA", commonName: by.name }, subject: { countryName: "UA", commonName: name },
        valid: { from: from * 1000, to: to * 1000 }, usage: extensions.usage,
    });
    tbs.extensions = tbs.extensions.filter((each) => each.extnID !== "authorityKeyIdentifier");
    if (issuer) tbs.extensions.push({ extnID: "authorityKeyIdentifier", extnValue: element(0x30, element(0x80, id(issuer.pair))) });
    if (extensions.authority) {
        tbs.extensions.push({ extnID: "basicConstraints", extnValue: element(0x30, Buffer.from([1, 1, 255])), critical: true });
    }
    const signature = element(4, by.pair.sign(hash(Certificate.encodeTBS(tbs)), "le"));
    const made = new Certificate({ tbsCertificate: tbs, signatureAlgorithm: { algorithm: "Dstu4145le" }, signature: { unused: 0, data: signature } });
    return { name, pair, made: Certificate.from_asn1(made.as_asn1()) };
}

const AUTHORITY = { usage: "\x03\x02\x01\x06", authority: true }, PERSON = { usage: "\x03\x02\x06\xC0" };
const data = fs.readFileSync("content");
for (const bits of [257, 431]) {
    const pair = () => jk.std_curve("DSTU_PB_" + bits).keygen();
    const root = certificate(1, "Root " + bits, pair(), null, AUTHORITY);
    const authority = certificate(2, "Authority " + bits, pair(), root, AUTHORITY);
    const person = certificate(3, "Person " + bits, pair(), authority, PERSON);
    fs.writeFileSync(`jkurwa-${bits}-root.cer`, root.made.as_asn1());
    for (const container of ["enclosing", "detached"]) {
        const what = container === "enclosing" ? { data } : { dataHash: hash(data) };
        const message = new Message({ type: "signedData", cert: person.made, hash, signer: person.pair, signTime: Number(from) + 86400, ...what });
        message.wrap.content.certificate.push(authority.made.ob);
        fs.writeFileSync(`jkurwa-${bits}-${container}`, message.as_asn1());
    }
}

//! Our canonical octets and libxml2's are the same, on tables and on random documents.

use std::cell::Cell;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Comments, Method, canonical};
use crate::tree;

fn ours(text: &str, method: &Method, comments: Comments) -> String {
    let text = tree::text(text.as_bytes()).unwrap();
    let document = tree::parse(&text).unwrap();
    String::from_utf8(canonical(document.root(), method, comments, None)).unwrap()
}

/// What xmllint writes, with comments; `None` when it is not installed.
fn xmllint(text: &str, method: &str) -> Option<Result<String, String>> {
    let mut child = Command::new("xmllint")
        .args([method, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (told, out) = (String::from_utf8_lossy(&output.stderr).into_owned(), String::from_utf8(output.stdout).unwrap());
    Some(if output.status.success() && told.is_empty() { Ok(out) } else { Err(told) })
}

fn exclusive(also: &[&str]) -> Method {
    Method::Exclusive { also: also.iter().map(|prefix| (*prefix).to_owned()).collect() }
}

const METHODS: [(&str, Method); 3] =
    [("--c14n", Method::Inclusive), ("--c14n11", Method::Inclusive11), ("--exc-c14n", Method::Exclusive { also: Vec::new() })];

#[test]
fn what_the_recommendations_say_is_written() {
    for (text, inclusive, exclusively) in [
        ("<a/>", "<a></a>", "<a></a>"),
        ("<?xml version='1.0'?>\r\n<a  b = '1'\r\n></a >\n", "<a b=\"1\"></a>", "<a b=\"1\"></a>"),
        ("<?p  x ?><!--c--><a/><!--d--><?q?>", "<?p x ?>\n<a></a>\n<?q?>", "<?p x ?>\n<a></a>\n<?q?>"),
        ("<a>1<!--c-->2<![CDATA[<&>]]>&#x41;&#13;</a>", "<a>12&lt;&amp;&gt;A&#xD;</a>", "<a>12&lt;&amp;&gt;A&#xD;</a>"),
        (
            "<a b='\"&lt;&gt;&amp;&#9;&#10;&#13;\tx\ny'/>",
            "<a b=\"&quot;&lt;>&amp;&#x9;&#xA;&#xD; x y\"></a>",
            "<a b=\"&quot;&lt;>&amp;&#x9;&#xA;&#xD; x y\"></a>",
        ),
        (
            "<a xmlns:z='http://z' xmlns:b='http://b' xmlns='http://d'><z:c b:y='1' x='2'/></a>",
            "<a xmlns=\"http://d\" xmlns:b=\"http://b\" xmlns:z=\"http://z\"><z:c x=\"2\" b:y=\"1\"></z:c></a>",
            "<a xmlns=\"http://d\"><z:c xmlns:b=\"http://b\" xmlns:z=\"http://z\" x=\"2\" b:y=\"1\"></z:c></a>",
        ),
        // libxml2 2.9 writes a bare "&" here, which would not even be XML.
        ("<a xmlns='http://d?x&amp;y'/>", "<a xmlns=\"http://d?x&amp;y\"></a>", "<a xmlns=\"http://d?x&amp;y\"></a>"),
        (
            "<a xmlns='http://d'><b xmlns=''><c xmlns='http://d'/></b></a>",
            "<a xmlns=\"http://d\"><b xmlns=\"\"><c xmlns=\"http://d\"></c></b></a>",
            "<a xmlns=\"http://d\"><b xmlns=\"\"><c xmlns=\"http://d\"></c></b></a>",
        ),
    ] {
        assert_eq!(ours(text, &Method::Inclusive, Comments::Dropped), inclusive, "{text}");
        assert_eq!(ours(text, &exclusive(&[]), Comments::Dropped), exclusively, "{text}");
    }
    let text = "<a xmlns='http://d' xmlns:b='http://b' xmlns:c='http://c'><b:x/></a>";
    assert_eq!(
        ours(text, &exclusive(&["c"]), Comments::Dropped),
        "<a xmlns=\"http://d\" xmlns:c=\"http://c\"><b:x xmlns:b=\"http://b\"></b:x></a>"
    );
}

#[test]
fn a_part_carries_what_it_inherits_and_leaves_out_what_is_left_out() {
    let text =
        "<r xmlns='http://d' xmlns:n='http://n' xml:lang='uk' xml:id='r' Id='r'><a xml:space='preserve'><b n:c='1'/><x/></a></r>";
    let document = tree::parse(text).unwrap();
    let find = |name: &str| document.descendants().find(|node| node.tag_name().name() == name).unwrap();
    let (a, x) = (find("a"), find("x").id());
    let part = |method: &Method| String::from_utf8(canonical(a, method, Comments::Dropped, Some(x))).unwrap();
    let (open, inside) = ("<a xmlns=\"http://d\" xmlns:n=\"http://n\"", "<b n:c=\"1\"></b></a>");
    assert_eq!(part(&Method::Inclusive), format!("{open} xml:id=\"r\" xml:lang=\"uk\" xml:space=\"preserve\">{inside}"));
    assert_eq!(part(&Method::Inclusive11), format!("{open} xml:lang=\"uk\" xml:space=\"preserve\">{inside}"));
    assert_eq!(part(&exclusive(&[])), "<a xmlns=\"http://d\" xml:space=\"preserve\"><b xmlns:n=\"http://n\" n:c=\"1\"></b></a>");
}

fn characters() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("&lt;"),
        Just("&gt;"),
        Just("&amp;"),
        Just("&quot;"),
        Just("&apos;"),
        Just("&#9;"),
        Just("&#10;"),
        Just("&#13;"),
        Just("&#x20;"),
        Just("&#x416;"),
        Just(" "),
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\t"),
        Just("їжак"),
        Just("x"),
        Just(">"),
        Just("\u{1F600}"),
        Just("\u{85}"),
        Just("\u{A0}"),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn tag() -> impl Strategy<Value = (String, String)> {
    let name = prop_oneof![Just("e"), Just("a:e"), Just("b:e"), Just("їж")];
    let declaration = prop_oneof![
        Just("xmlns=''"),
        Just("xmlns='http://u/1'"),
        Just("xmlns=\"http://u/2\""),
        Just("xmlns:a='http://u/1'"),
        Just("xmlns:a='http://u/3'"),
        Just("xmlns:b='http://u/2'"),
        Just("xmlns:b='http://u/4'"),
        Just("xmlns:xml='http://www.w3.org/XML/1998/namespace'"),
        Just("xmlns:unused='http://u/1'"),
    ];
    let attribute = (prop_oneof![Just("x"), Just("a:x"), Just("b:x"), Just("y"), Just("xml:lang"), Just("b:a")], characters())
        .prop_map(|(name, value)| format!("{name}='{value}'"));
    let declarations = prop::collection::vec(declaration.prop_map(str::to_owned), 0..3);
    (name, declarations, prop::collection::vec(attribute, 0..3), prop_oneof![Just(" "), Just("\n  ")]).prop_map(
        |(name, declarations, attributes, space)| {
            let mut seen = std::collections::BTreeSet::new();
            let all = declarations.into_iter().chain(attributes);
            let once = all.filter(|text| seen.insert(text.split('=').next().unwrap().to_owned()));
            let inside: Vec<String> = once.map(|text| format!("{space}{text}")).collect();
            (name.to_owned(), inside.concat())
        },
    )
}

fn element() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        characters(),
        Just("<!-- c > \" -->".to_owned()),
        Just("<?p  q ' <a> ?>".to_owned()),
        Just("<?p?>".to_owned()),
        Just("<![CDATA[ <&>\r\n]] ]]>".to_owned()),
        tag().prop_map(|(name, inside)| format!("<{name}{inside} />")),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        (tag(), prop::collection::vec(inner, 0..6))
            .prop_map(|((name, inside), children)| format!("<{name}{inside}>{}</{name}>", children.concat()))
    })
}

#[test]
fn random_documents_are_written_as_libxml2_writes_them() {
    if xmllint("<a/>", "--c14n").is_none() {
        println!("skipped: no xmllint");
        return;
    }
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let outside = prop_oneof![Just(""), Just("<!--o-->"), Just("\n<?o  p?>\n<!-- o -->")];
    let parts = (outside.clone(), prop::collection::vec(element(), 0..5), outside);
    let (same, refused) = (Cell::new(0), Cell::new(0));
    runner
        .run(&parts, |(before, children, after)| {
            let root = format!("<r xmlns:a='http://u/1' xmlns:b='http://u/2' xml:space='preserve'>{}</r>", children.concat());
            let text = format!("<?xml version='1.0' encoding='UTF-8'?>{before}{root}{after}");
            let parsed = tree::text(text.as_bytes()).and_then(|text| tree::parse(&text).map(|_| ()));
            for (option, method) in METHODS {
                let theirs = xmllint(&text, option).unwrap();
                match (&parsed, theirs) {
                    (Ok(()), Ok(theirs)) => {
                        prop_assert_eq!(ours(&text, &method, Comments::Kept), theirs, "{}", option);
                    }
                    // Two attributes of one expanded name.
                    (Err(_), Err(_)) => refused.set(refused.get() + 1),
                    (ours, theirs) => prop_assert!(false, "ours {ours:?}, theirs {theirs:?}\n{text}"),
                }
            }
            same.set(same.get() + 1);
            Ok(())
        })
        .unwrap();
    println!("{} documents, {} comparisons refused by both", same.get(), refused.get());
    assert!(refused.get() < same.get(), "most of the random documents must be good ones");
}

//! Fetching from a real server, from servers that lie, stall or lead elsewhere, and from where nobody may be led.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oblik_channels::fetch::{FetchError, Fetcher, Patience, What};
use oblik_config::Config;

/// A server that does with each connection what the test says; it keeps what it was asked.
struct Scripted {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    fn start(serve: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (kept, counted, serve) = (Arc::clone(&asked), Arc::clone(&connections), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let (kept, serve) = (Arc::clone(&kept), Arc::clone(&serve));
                std::thread::spawn(move || {
                    let asked = request(&mut stream);
                    kept.lock().unwrap().push(asked.clone());
                    serve(&asked, &mut stream);
                });
            }
        });
        Self { port, asked, connections }
    }

    fn answering(answer: &'static [u8]) -> Self {
        Self::start(move |_, stream| drop(stream.write_all(answer)))
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/list.crl", self.port)
    }

    fn fetcher(&self) -> Fetcher {
        fetcher(&[&format!("127.0.0.1:{}", self.port)], &["127.0.0.1/32"])
    }

    async fn fetch(&self, what: What) -> Result<Vec<u8>, FetchError> {
        self.fetcher().fetch(what, &self.url(), b"").await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Head and body of one request, as text.
fn request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut text = String::new();
    while reader.read_line(&mut text).is_ok_and(|read| read > 2) {}
    let lower = text.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut body);
    text + &String::from_utf8_lossy(&body)
}

fn fetcher(hosts: &[&str], allow_private: &[&str]) -> Fetcher {
    let patience =
        Patience { connect: Duration::from_secs(2), silence: Duration::from_secs(1), whole: Duration::from_millis(2500) };
    let online = format!("[trust]\nanchors = \"trust\"\n[trust.online]\nhosts = {hosts:?}\nallow_private = {allow_private:?}\n");
    let text = oblik_config::embedded_text();
    let (before, after) = text.split_once("[trust]").unwrap();
    let (_, after) = after.split_once("\n\n").unwrap();
    let config = Config::parse(&format!("{before}{online}\n{after}"), std::path::Path::new("/")).unwrap();
    Fetcher::new(config.trust.online.unwrap(), patience)
}

fn is(error: &FetchError, kind: &str) -> bool {
    format!("{error:?}").starts_with(kind)
}

#[tokio::test]
async fn a_list_comes_whole_with_its_length_in_pieces_or_until_the_end() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na list"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n4;x=y\r\nlist\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\na list",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: identity\r\nContent-Length: 6\r\n\r\na list",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 6\r\n\r\na list and more that is not counted",
    ] {
        let server = Scripted::answering(answer);
        assert_eq!(server.fetch(What::RevocationList).await.unwrap(), b"a list", "{}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn nothing_but_the_question_is_said() {
    let server = Scripted::answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok");
    let fetcher = server.fetcher();
    fetcher.fetch(What::RevocationList, &server.url(), b"").await.unwrap();
    fetcher.fetch(What::OcspResponse, &server.url(), b"DER").await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    let head = |method: &str, rest: &str| {
        format!(
            "{method} /list.crl HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nuser-agent: oblik/{}\r\naccept: */*\r\naccept-encoding: identity\r\nconnection: close\r\n{rest}",
            server.port,
            env!("CARGO_PKG_VERSION")
        )
    };
    assert_eq!(asked[0], head("GET", "\r\n"));
    assert_eq!(asked[1], head("POST", "content-type: application/ocsp-request\r\ncontent-length: 3\r\n\r\nDER"));
}

#[tokio::test]
async fn what_is_no_whole_plain_answer_is_refused() {
    let long = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\nx", vec!["X: y"; 100].join("\r\n")).into_bytes();
    let wide = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\nx", "y".repeat(40_000)).into_bytes();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx".to_vec(), "Status"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx".to_vec(), "Status"),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx".to_vec(), "Status"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx".to_vec(), "Encoded"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".to_vec(), "Protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho".to_vec(), "Protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n".to_vec(), "Protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy".to_vec(), "Protocol"),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), "Protocol"),
        (b"just bytes".to_vec(), "Protocol"),
        (b"".to_vec(), "Protocol"),
        (many, "Protocol"),
        (wide, "Protocol"),
        (long(64 * 1024 + 1), "TooLong"),
        (long(1 << 40), "TooLong"),
        (long(usize::MAX), "Protocol"),
    ];
    for (answer, kind) in cases {
        let text = answer.escape_ascii().to_string();
        let server = Scripted::start(move |_, stream| drop(stream.write_all(&answer)));
        let error = server.fetch(What::OcspResponse).await.unwrap_err();
        assert!(is(&error, kind), "{kind} {error:?} {}", &text[..text.len().min(80)]);
        assert!(error.may_pass());
    }
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_bound_and_no_further() {
    for (beyond, taken) in [(0, true), (1, false)] {
        let server = Scripted::start(move |_, stream| {
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
            let _ = stream.write_all(&vec![b'x'; 64 * 1024 + beyond]);
        });
        assert_eq!(server.fetch(What::OcspResponse).await.is_ok(), taken, "{beyond}");
    }
    // A list that never ends stops at twenty megabytes, not at the end of memory.
    let server = Scripted::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let piece = [format!("{:x}\r\n", 1 << 16).into_bytes(), vec![b'x'; 1 << 16], b"\r\n".to_vec()].concat();
        while stream.write_all(&piece).is_ok() {}
    });
    let error = server.fetch(What::RevocationList).await.unwrap_err();
    assert!(is(&error, "TooLong(20971520)") || is(&error, "TooSlow"), "{error:?}");
}

#[tokio::test]
async fn who_stalls_or_drips_is_left_in_time() {
    let silent = Scripted::start(|_, _| std::thread::sleep(Duration::from_secs(20)));
    let dripping_head = Scripted::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X: y\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let dripping_body = Scripted::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    for server in [silent, dripping_head, dripping_body] {
        let began = Instant::now();
        let error = server.fetch(What::RevocationList).await.unwrap_err();
        assert!(is(&error, "Protocol") || is(&error, "TooSlow"), "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_redirection_is_judged_as_if_it_were_the_first_address() {
    let good = Scripted::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na list");
    let forbidden = Scripted::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    let to = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&to);
    let first = Scripted::start(move |asked, stream| {
        let location = told.lock().unwrap().clone();
        let status = if asked.starts_with("POST") { "302 Found" } else { "301 Moved" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    });
    let hosts = [format!("127.0.0.1:{}", first.port), format!("127.0.0.1:{}", good.port), "metadata.example".to_owned()];
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).chain(["169.254.169.254", "localhost"]).collect();
    for (location, kind) in [
        (good.url(), ""),
        (forbidden.url(), "NotAllowed"),
        ("http://169.254.169.254/latest/meta-data/".to_owned(), "Inside"),
        ("http://localhost/".to_owned(), "Inside"),
        ("http://evil.example/".to_owned(), "NotAllowed"),
        ("file:///etc/passwd".to_owned(), "Redirections"),
        ("//evil.example/".to_owned(), "Redirections"),
        // To itself, for ever.
        (first.url(), "Redirections"),
        ("/again".to_owned(), "Redirections"),
    ] {
        to.lock().unwrap().clone_from(&location);
        // Loopback is allowed by its own address alone: `localhost` may be ::1.
        let fetcher = fetcher(&hosts, &["127.0.0.1/32"]);
        let outcome = fetcher.fetch(What::RevocationList, &first.url(), b"").await;
        match outcome {
            Ok(bytes) => assert!(kind.is_empty() && bytes == b"a list", "{location}"),
            // `localhost` is 127.0.0.1 here, which the test allows: nobody listens there.
            Err(FetchError::Connect(_)) if location.contains("localhost") => {}
            Err(error) => assert!(!kind.is_empty() && is(&error, kind), "{location}: {error:?}"),
        }
    }
    assert_eq!(forbidden.connections(), 0);
    to.lock().unwrap().clone_from(&good.url());
    let posted = fetcher(&hosts, &["127.0.0.1/32"]).fetch(What::OcspResponse, &first.url(), b"DER").await;
    assert!(is(&posted.unwrap_err(), "Status"), "what was posted is not turned into a question by GET");
}

#[tokio::test]
async fn nobody_is_led_into_this_machine_or_its_networks() {
    let inside = Scripted::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    let port = inside.port;
    let names = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "2130706433",
        "0x7f.1",
        "0",
        "[::]",
    ];
    let hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let fetcher = fetcher(&hosts, &["10.0.0.0/8"]);
    for name in names {
        let error = fetcher.fetch(What::RevocationList, &format!("http://{name}:{port}/"), b"").await.unwrap_err();
        let is_refused = is(&error, "Inside") || is(&error, "Connect(Resolve");
        assert!(is_refused, "{name}: {error:?}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_host_outside_the_list_is_not_even_looked_up() {
    let fetcher = fetcher(&["czo.gov.ua", "*.diia.gov.ua"], &[]);
    for (url, kind) in [
        ("http://czo.gov.ua.evil.example/", "NotAllowed"),
        ("http://czo.gov.ua:8080/", "NotAllowed"),
        ("http://diia.gov.ua/", "NotAllowed"),
        ("http://czo.gov.ua@evil.example/", "Url"),
        ("ldap://czo.gov.ua/", "Url"),
        ("", "Url"),
    ] {
        let error = fetcher.fetch(What::RevocationList, url, b"").await.unwrap_err();
        assert!(is(&error, kind) && !error.may_pass(), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_dead_host_is_asked_once_however_many_wait_for_it() {
    let dead = Scripted::start(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let fetcher = Arc::new(dead.fetcher());
    let asking = (0..200).map(|n| {
        let (fetcher, url) = (Arc::clone(&fetcher), format!("http://127.0.0.1:{}/{n}", dead.port));
        async move { fetcher.fetch(What::OcspResponse, &url, b"DER").await.unwrap_err() }
    });
    let errors = futures::future::join_all(asking).await;
    assert!(dead.connections() <= 4, "{}", dead.connections());
    assert!(errors.iter().all(FetchError::may_pass));
    // An address that is not there says nothing of its neighbours.
    let server = Scripted::start(|asked, stream| {
        let status = if asked.contains("/gone") { "404 Gone" } else { "200 OK" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    });
    let (fetcher, at) = (server.fetcher(), |path: &str| format!("http://127.0.0.1:{}/{path}", server.port));
    assert!(is(&fetcher.fetch(What::RevocationList, &at("gone"), b"").await.unwrap_err(), "Status"));
    assert!(is(&fetcher.fetch(What::RevocationList, &at("gone"), b"").await.unwrap_err(), "Paused"));
    assert!(fetcher.fetch(What::RevocationList, &at("here"), b"").await.is_ok());
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn no_more_than_a_few_ask_one_host_at_the_same_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, seen) = (Arc::clone(&now), Arc::clone(&most));
    let server = Scripted::start(move |_, stream| {
        seen.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        inside.fetch_sub(1, Ordering::SeqCst);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let fetcher = Arc::new(server.fetcher());
    let asking = (0..24).map(|n| {
        let (fetcher, url) = (Arc::clone(&fetcher), format!("http://127.0.0.1:{}/{n}", server.port));
        async move { fetcher.fetch(What::OcspResponse, &url, b"DER").await.unwrap() }
    });
    futures::future::join_all(asking).await;
    assert_eq!(server.connections(), 24);
    assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

/// A program of others that ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_list_comes_from_a_real_server() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.crl"), b"a list").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(folder.path()).arg(port.to_string());
    let Ok(server) = python.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        println!("skipped: there is no python3");
        return;
    };
    let _server = Program(server);
    crate::soon(|| TcpStream::connect(("127.0.0.1", port)).ok()).await;
    let fetcher = fetcher(&[&format!("127.0.0.1:{port}")], &["127.0.0.0/8"]);
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    assert_eq!(fetcher.fetch(What::RevocationList, &url("ca.crl"), b"").await.unwrap(), b"a list");
    assert!(is(&fetcher.fetch(What::RevocationList, &url("none.crl"), b"").await.unwrap_err(), "Status"));
    assert!(is(&fetcher.fetch(What::OcspResponse, &url("ca.crl"), b"DER").await.unwrap_err(), "Status"));
}

/// A real server of HTTPS, by python; killed when dropped.
struct Encrypted(Child, u16);

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Encrypted {
    fn start(folder: &std::path::Path, certificates: &oblik_test_servers::certs::Certificates) -> Option<Self> {
        std::fs::write(folder.join("list.crl"), b"a list").unwrap();
        let script = "import http.server,ssl,sys,functools
handler=functools.partial(http.server.SimpleHTTPRequestHandler,directory=sys.argv[3])
server=http.server.ThreadingHTTPServer(('127.0.0.1',0),handler)
context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1],sys.argv[2])
server.socket=context.wrap_socket(server.socket,server_side=True)
print(server.server_address[1],flush=True)
server.serve_forever()";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(&certificates.chain).arg(&certificates.key).arg(folder);
        let Ok(mut child) = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            println!("skipped: python3 is not installed");
            return None;
        };
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self(child, line.trim().parse().unwrap()))
    }
}

#[tokio::test]
async fn https_is_believed_when_its_certificate_is_the_hosts_own() {
    use oblik_test_servers::certs::Certificates;
    let folder = tempfile::tempdir().unwrap();
    let own = Certificates::make(&folder.path().join("own"));
    let others = Certificates::make_for(&folder.path().join("others"), &["other.example"]);
    for (certificates, ca, good) in
        [(&own, Some(&own.ca), true), (&own, None, false), (&own, Some(&others.ca), false), (&others, Some(&others.ca), false)]
    {
        let Some(server) = Encrypted::start(folder.path(), certificates) else { return };
        let host = format!("127.0.0.1:{}", server.1);
        let mut fetcher = fetcher(&[&host], &["127.0.0.1/32"]);
        if let Some(ca) = ca {
            fetcher = fetcher.trusting(ca.clone());
        }
        let answer = fetcher.fetch(What::RevocationList, &format!("https://{host}/list.crl"), b"").await;
        match answer {
            Ok(bytes) => assert!(good && bytes == b"a list"),
            Err(error) => assert!(!good && is(&error, "Connect"), "{error:?}"),
        }
        // Plain HTTP at the same port is no answer either.
        let fetcher = super::fetch::fetcher(&[&host], &["127.0.0.1/32"]);
        assert!(fetcher.fetch(What::RevocationList, &format!("http://{host}/list.crl"), b"").await.is_err());
    }
}

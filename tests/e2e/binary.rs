//! The program itself: found beside the tests, built once a process so that it is never an old one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Names a ready binary; nothing is built then.
const NAMED: &str = "OBLIK_E2E_BINARY";

/// The program; `None` once it did not build.
static BINARY: OnceLock<Option<PathBuf>> = OnceLock::new();

/// The program, fresh: built with the profile of the tests, into the same folder.
pub fn binary() -> &'static Path {
    let found = BINARY.get_or_init(|| std::env::var_os(NAMED).map(PathBuf::from).or_else(build));
    found.as_deref().expect("the program builds")
}

/// Whether the program can be asked to explain a failure.
pub(crate) fn is_built() -> bool {
    BINARY.get().is_some_and(Option::is_some)
}

/// `target/PROFILE/deps/e2e-…` is this very program: beside `deps` lies the binary.
fn build() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("our own place");
    let profile_folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let target = profile_folder.parent().expect("the target folder");
    let folder = profile_folder.file_name().and_then(OsStr::to_str).expect("the profile's folder");
    let profile = if folder == "debug" { "dev" } else { folder };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--quiet", "-p", "oblik", "--bin", "oblik", "--profile", profile]);
    let status = command.arg("--target-dir").arg(target).stdin(Stdio::null()).status().expect("run cargo");
    status.success().then(|| profile_folder.join("oblik"))
}

/// What a call of the program came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    /// For people.
    pub err: String,
}

impl Ran {
    /// The answer in JSON, which stands alone on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|fault| panic!("no JSON alone ({fault}): {self:?}"))
    }

    /// The same, of a call that ended well.
    pub fn good(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }
}

/// Calls the program in a folder, without a configuration of its own.
pub fn run(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Ran {
    let output = Command::new(binary()).current_dir(folder).args(arguments).stdin(Stdio::null()).output().expect("run oblik");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

//! Cyrus (Debian's): Fastmail's engine. Pages of changes, one UID for each person, scheduling.
//!
//! Its files lie in the server's folder, nothing in `/etc` or `/var` is read or written. It refuses to run as
//! root, and as somebody else than it is told: root lends it the user that the package makes, everybody else
//! lends themselves.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::users::{ALICE, BOB, CAROL, User};
use crate::{Failure, Outcome};

/// Where Debian puts its programs.
const PROGRAMS: &str = "/usr/lib/cyrus/bin";

/// What sets passwords; it is on root's search path only.
const SASLPASSWD: &str = "/usr/sbin/saslpasswd2";

/// Whom Debian's package makes.
const PACKAGED_USER: &str = "cyrus";

/// Who may make mailboxes. Has no calendars.
const ADMIN: User = User { name: "admin", password: "administers" };

/// What it is called, and the domain of everybody whose name has none.
const DOMAIN: &str = "starmesh";

/// The folders that it wants to find.
const FOLDERS: [&str; 6] = ["conf", "data/spool", "run", "sock", "proc", "sieve"];

/// How long it may take over one line of a dialogue. Making a mailbox needs some tens of milliseconds.
const LINE_WITHIN: Duration = Duration::from_secs(30);

/// Lays out `folder`, with passwords for everybody.
pub(super) fn prepare(folder: &Path) -> Outcome<()> {
    if !Path::new(PROGRAMS).join("master").is_file() {
        return Err(Failure::new("Cyrus is not there: `cargo xtask setup` installs it"));
    }
    let owner = Owner::find()?;
    owner.take(&folder.join("data"))?;
    for name in FOLDERS {
        fs::create_dir(folder.join(name))?;
        owner.take(&folder.join(name))?;
    }
    // Others find nothing in it, but its own user has to get through.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
    fs::write(folder.join("imapd.conf"), settings(folder))?;
    for user in [ADMIN, ALICE, BOB, CAROL] {
        set_password(folder, user)?;
    }
    owner.take(&folder.join("passwords"))
}

/// The command that serves `folder` on `port`.
pub(super) fn command(folder: &Path, port: u16) -> Outcome<Command> {
    fs::write(folder.join("cyrus.conf"), services(folder, port))?;
    let owner = Owner::find()?;
    let mut command = Command::new("setpriv");
    // It tells its whole process group to end when it does, so it must have one of its own; then it has to
    // be told by the kernel when the test is no more.
    command.args(["--pdeathsig", "TERM"]).process_group(0);
    if let Some((user, group)) = owner.lent {
        command.args(["--reuid", &user.to_string(), "--regid", &group.to_string(), "--clear-groups"]);
    }
    command.arg(Path::new(PROGRAMS).join("master")).arg("-C").arg(folder.join("imapd.conf"));
    command.arg("-M").arg(folder.join("cyrus.conf")).arg("-p").arg(folder.join("run/master.pid"));
    command.arg("-D").env("CYRUS_USER", owner.name);
    Ok(command)
}

/// Ends it with all that it started.
pub(super) fn stop(process: &mut Child) -> Outcome<()> {
    let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    let group = group.ok_or_else(|| Failure::new("a process without an id"))?;
    // Told before the rest, so that it closes its databases.
    kill_process_group(group, Signal::TERM)?;
    process.wait()?;
    match kill_process_group(group, Signal::KILL) {
        // Nobody was left.
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes everybody's mailbox: who has none has no calendars. One that stands is left alone.
pub(super) fn make_people(folder: &Path) -> Outcome<()> {
    let stream = UnixStream::connect(folder.join("sock/imap"))?;
    stream.set_read_timeout(Some(LINE_WITHIN))?;
    let mut dialogue = Dialogue { lines: BufReader::new(stream.try_clone()?), stream };
    dialogue.say(&format!("LOGIN {} {}", ADMIN.name, ADMIN.password))?;
    for user in [ALICE, BOB, CAROL] {
        let mailbox = format!("user/{}", user.name);
        match dialogue.say(&format!("CREATE {mailbox}")) {
            Err(failure) if !failure.to_string().contains("already exists") => return Err(failure),
            _ => {}
        }
    }
    dialogue.say("LOGOUT")
}

/// As whom it runs.
struct Owner {
    name: String,
    /// The ids of user and group, when they are not ours.
    lent: Option<(u32, u32)>,
}

impl Owner {
    fn find() -> Outcome<Self> {
        let own = asked_id(&["-un"])?;
        if asked_id(&["-u"])? != "0" {
            return Ok(Self { name: own, lent: None });
        }
        let number = |option| {
            asked_id(&[option, PACKAGED_USER])?.parse().map_err(|_| Failure::new("`id` printed no number"))
        };
        Ok(Self { name: PACKAGED_USER.to_owned(), lent: Some((number("-u")?, number("-g")?)) })
    }

    /// Hands over what we made.
    fn take(&self, path: &Path) -> Outcome<()> {
        if let Some((user, group)) = self.lent {
            chown(path, Some(user), Some(group))?;
        }
        Ok(())
    }
}

fn asked_id(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("id").args(arguments).output()?;
    if !output.status.success() {
        return Err(Failure::new("the user that Cyrus runs as is not there: `cargo xtask setup` makes it"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn set_password(folder: &Path, user: User) -> Outcome<()> {
    let (name, domain) = user.name.split_once('@').unwrap_or((user.name, DOMAIN));
    let mut command = Command::new(SASLPASSWD);
    command.args(["-p", "-c", "-u", domain, "-f"]).arg(folder.join("passwords")).arg(name);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|error| Failure::from(error).during("starting saslpasswd2"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(user.password.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(Failure::new("saslpasswd2 takes no password")) }
}

fn settings(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "configdirectory: {folder}/conf\npartition-default: {folder}/data/spool\ndefaultpartition: default\n\
         proc_path: {folder}/proc\nmboxname_lockpath: {folder}/run\nsievedir: {folder}/sieve\n\
         lmtpsocket: {folder}/sock/lmtp\nidlesocket: {folder}/sock/idle\nnotifysocket: {folder}/sock/notify\n\
         sasl_pwcheck_method: auxprop\nsasl_auxprop_plugin: sasldb\nsasl_sasldb_path: {folder}/passwords\n\
         sasl_mech_list: PLAIN\nallowplaintext: yes\nadmins: {admin}\nservername: {DOMAIN}\n\
         virtdomains: userid\ndefaultdomain: {DOMAIN}\nunixhierarchysep: yes\naltnamespace: yes\nautocreate_quota: 0\n\
         httpmodules: caldav\nhttpallowcompress: no\ncaldav_realm: {DOMAIN}\ncaldav_historical_age: -1\n\
         caldav_create_default: no\ncaldav_create_sched: yes\nsyslog_prefix: starmesh-test\n",
        admin = ADMIN.name
    )
}

fn services(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "START {{\n  recover cmd=\"{PROGRAMS}/ctl_cyrusdb -C {folder}/imapd.conf -r\"\n}}\nSERVICES {{\n  \
         imap cmd=\"imapd -C {folder}/imapd.conf\" listen=\"{folder}/sock/imap\" prefork=0\n  \
         http cmd=\"httpd -C {folder}/imapd.conf\" listen=\"127.0.0.1:{port}\" prefork=1\n}}\nEVENTS {{\n}}\n"
    )
}

/// A conversation in IMAP.
struct Dialogue {
    lines: BufReader<UnixStream>,
    stream: UnixStream,
}

impl Dialogue {
    /// Says a command and hears the answer out.
    fn say(&mut self, command: &str) -> Outcome<()> {
        self.stream.write_all(format!("t {command}\r\n").as_bytes())?;
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Err(Failure::new(format!("Cyrus hung up on `{command}`")));
            }
            match line.strip_prefix("t ") {
                Some(answer) if answer.starts_with("OK") => return Ok(()),
                Some(answer) => {
                    return Err(Failure::new(format!("Cyrus answers `{command}` with {}", answer.trim())));
                }
                None => {}
            }
        }
    }
}

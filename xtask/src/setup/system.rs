//! Packages of the operating system.

use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::process::Command;

use super::Purpose;
use crate::process::{self, Failure};

/// Something that the operating system has to bring.
struct Package {
    /// Its name in Debian and Ubuntu.
    debian: &'static str,
    /// What shows that it is there, wherever it came from.
    probe: Probe,
    /// The least that needs it.
    purpose: Purpose,
    /// What it is for.
    why: &'static str,
}

enum Probe {
    /// A program on the search path of any Unix; Windows brings its own.
    UnixProgram(&'static str),
    /// A program on the search path of a Linux; other systems do without it.
    LinuxProgram(&'static str),
    /// A Python that can make virtual environments.
    PythonVenv,
    /// A file of a Linux, for what is on nobody's search path.
    LinuxFile(&'static str),
    /// An extension of PHP, on a Linux.
    Php(&'static str),
}

/// Everything we ask of the operating system.
const PACKAGES: [Package; 18] = [
    Package {
        debian: "build-essential",
        probe: Probe::UnixProgram("cc"),
        purpose: Purpose::Demo,
        why: "compiles SQLite and the cryptography of TLS",
    },
    Package {
        debian: "pkg-config",
        probe: Probe::LinuxProgram("pkg-config"),
        purpose: Purpose::Demo,
        why: "asked by build scripts of C libraries",
    },
    Package {
        debian: "python3-venv",
        probe: Probe::PythonVenv,
        purpose: Purpose::Test,
        why: "runs the CalDAV servers of the tests",
    },
    Package {
        debian: "dbus",
        probe: Probe::LinuxProgram("dbus-daemon"),
        purpose: Purpose::Test,
        why: "the session bus of the keychain tests",
    },
    Package {
        debian: "dbus-x11",
        probe: Probe::LinuxProgram("dbus-launch"),
        purpose: Purpose::Test,
        why: "starts a session bus where no desktop did",
    },
    Package {
        debian: "gnome-keyring",
        probe: Probe::LinuxProgram("gnome-keyring-daemon"),
        purpose: Purpose::Test,
        why: "a real keychain for the keychain tests",
    },
    Package {
        debian: "nodejs",
        probe: Probe::UnixProgram("node"),
        purpose: Purpose::Test,
        why: "runs the official JavaScript clients; 18 or newer",
    },
    Package {
        debian: "npm",
        probe: Probe::UnixProgram("npm"),
        purpose: Purpose::Test,
        why: "installs the official JavaScript clients",
    },
    Package {
        debian: "chromium",
        probe: Probe::LinuxProgram("chromium"),
        purpose: Purpose::Test,
        why: "shows the window to its tests",
    },
    Package {
        debian: "dma",
        probe: Probe::LinuxFile("/usr/sbin/sendmail"),
        purpose: Purpose::Test,
        why: "Cyrus wants a mail program; this one runs no server, and no test sends mail",
    },
    Package {
        debian: "cyrus-imapd",
        probe: Probe::LinuxFile("/usr/lib/cyrus/bin/imapd"),
        purpose: Purpose::Test,
        why: "makes the people of the Cyrus of the tests",
    },
    Package {
        debian: "cyrus-caldav",
        probe: Probe::LinuxFile("/usr/lib/cyrus/bin/httpd"),
        purpose: Purpose::Test,
        why: "a third CalDAV server: Fastmail's engine",
    },
    Package {
        debian: "sasl2-bin",
        probe: Probe::LinuxFile("/usr/sbin/saslpasswd2"),
        purpose: Purpose::Test,
        why: "gives the people of Cyrus their passwords",
    },
    Package {
        debian: "php-cli",
        probe: Probe::LinuxProgram("php"),
        purpose: Purpose::Test,
        why: "runs sabre/dav",
    },
    Package {
        debian: "php-sqlite3",
        probe: Probe::Php("pdo_sqlite"),
        purpose: Purpose::Test,
        why: "keeps the calendars of sabre/dav",
    },
    Package {
        debian: "php-sabre-dav",
        probe: Probe::LinuxFile("/usr/share/php/Sabre/autoload.php"),
        purpose: Purpose::Test,
        why: "a fourth CalDAV server: what Nextcloud grew from, with Digest",
    },
    Package {
        debian: "faketime",
        probe: Probe::LinuxProgram("faketime"),
        purpose: Purpose::Test,
        why: "lets the program under test believe that it is another day",
    },
    Package {
        debian: "libical-dev",
        probe: Probe::LinuxFile("/usr/include/libical/ical.h"),
        purpose: Purpose::Bench,
        why: "what reading iCalendar is measured against",
    },
];

/// What some of them would start, now and with the computer. The tests start servers of their own and stop
/// them, and nobody asked for others.
const SERVICES: [&str; 2] = ["cyrus-imapd", "saslauthd"];

/// Runs its arguments while Debian's own means against it keep packages from starting services, and then takes
/// the services out of what starts with the computer, unless they were there before.
const WITHOUT_SERVICES: &str = r#"
policy=/usr/sbin/policy-rc.d
services="$1"; shift
new=
for service in $services; do [ -e "/etc/init.d/$service" ] || new="$new $service"; done
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" || exit 1
fi
"$@" || exit
for service in $new; do
  [ ! -e "/etc/init.d/$service" ] || update-rc.d "$service" disable || exit
done
"#;

impl Package {
    fn is_present(&self, python_ready: bool) -> bool {
        match self.probe {
            Probe::UnixProgram(program) => !cfg!(unix) || process::find(program).is_some(),
            Probe::LinuxProgram(program) => !cfg!(target_os = "linux") || process::find(program).is_some(),
            Probe::PythonVenv => python_ready || python_makes_venvs(),
            Probe::LinuxFile(file) => !cfg!(target_os = "linux") || Path::new(file).exists(),
            Probe::Php(extension) => !cfg!(target_os = "linux") || php_has(extension),
        }
    }
}

fn python_makes_venvs() -> bool {
    let mut command = Command::new(super::python::SYSTEM_PYTHON);
    command.args(["-c", "import venv, ensurepip"]);
    process::ask(command).is_some()
}

fn php_has(extension: &str) -> bool {
    let mut command = Command::new("php");
    command.args(["-r", &format!("exit(extension_loaded('{extension}') ? 0 : 1);")]);
    process::ask(command).is_some()
}

/// Installs what is missing for `purpose`; true when there was something to install.
pub(super) fn install(purpose: Purpose, python_ready: bool) -> Result<bool, Failure> {
    let missing = missing(purpose, python_ready);
    if missing.is_empty() {
        return Ok(false);
    }
    println!("setup: this machine lacks\n{}", list(&missing));
    if !is_debian() {
        return Err(Failure::new("only Debian and Ubuntu are set up by themselves").hint(
            "install the list above (Debian's names) by this system's own means, then run this again",
        ));
    }
    let names: Vec<_> = missing.iter().map(|package| package.debian).collect();
    let by_hand =
        format!("run `apt-get update && apt-get install {}` as root, then this again", names.join(" "));
    let rights = Rights::find().ok_or_else(|| {
        Failure::new("installing packages needs root, and there is no sudo").hint(by_hand.clone())
    })?;
    // A stale index is often good enough, and the installation says so if it is not.
    if let Err(failure) = process::run(rights.apt_get(&["update"])) {
        println!("setup: {failure}; going on with the package lists that are there");
    }
    let options = ["install", "--yes", "--no-install-recommends"];
    process::run(rights.apt_get_quietly(&[&options[..], &names[..]].concat()))
        .map_err(|failure| failure.hint(by_hand.clone()))?;
    let still = self::missing(purpose, python_ready);
    if still.is_empty() {
        return Ok(true);
    }
    Err(Failure::new(format!("installed, yet not found on the search path:\n{}", list(&still)))
        .hint("look at PATH: another Python or a wrapper may hide what the packages brought"))
}

fn missing(purpose: Purpose, python_ready: bool) -> Vec<&'static Package> {
    PACKAGES
        .iter()
        .filter(|package| package.purpose <= purpose && !package.is_present(python_ready))
        .collect()
}

fn list(packages: &[&Package]) -> String {
    packages.iter().map(|it| format!("  {:<16} {}", it.debian, it.why)).collect::<Vec<_>>().join("\n")
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && process::find("apt-get").is_some()
}

/// How we may install packages.
#[derive(Clone, Copy)]
enum Rights {
    Root,
    Sudo,
}

impl Rights {
    fn find() -> Option<Self> {
        let mut id = Command::new("id");
        id.arg("-u");
        if process::ask(id).is_some_and(|id| id.trim() == "0") {
            return Some(Self::Root);
        }
        process::find("sudo").map(|_| Self::Sudo)
    }

    fn apt_get(self, arguments: &[&str]) -> Command {
        let mut command = self.env();
        command.arg("apt-get").args(arguments);
        command
    }

    /// The same, and no service is started by it.
    fn apt_get_quietly(self, arguments: &[&str]) -> Command {
        let mut command = self.env();
        command.args(["sh", "-c", WITHOUT_SERVICES, "setup"]).arg(SERVICES.join(" "));
        command.arg("apt-get").args(arguments);
        command
    }

    fn env(self) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                // Without a terminal nobody can type a password: fail at once and say what to run.
                if !stdin().is_terminal() {
                    sudo.arg("--non-interactive");
                }
                sudo.arg("env");
                sudo
            }
        };
        command.arg("DEBIAN_FRONTEND=noninteractive");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_needs_a_compiler_and_less_than_the_tests_and_those_less_than_the_benches() {
        let demo = PACKAGES.iter().filter(|it| it.purpose <= Purpose::Demo).count();
        let test = PACKAGES.iter().filter(|it| it.purpose <= Purpose::Test).count();
        assert!(demo < test && test < PACKAGES.len());
        let python = PACKAGES.iter().find(|it| matches!(it.probe, Probe::PythonVenv));
        assert!(python.is_some_and(|it| it.purpose == Purpose::Test));
    }

    #[test]
    fn every_missing_package_is_listed_with_its_reason() {
        let all: Vec<_> = PACKAGES.iter().collect();
        let text = list(&all);
        assert_eq!(text.lines().count(), PACKAGES.len());
        for package in PACKAGES {
            assert!(text.contains(package.debian) && text.contains(package.why), "{}", package.debian);
        }
    }

    #[test]
    fn a_ready_environment_needs_no_system_python() {
        let package = Package { debian: "x", probe: Probe::PythonVenv, purpose: Purpose::Test, why: "x" };
        assert!(package.is_present(true));
    }

    #[test]
    fn apt_never_asks_questions() {
        let line = process::describe(&Rights::Root.apt_get(&["install", "--yes", "dbus"]));
        assert_eq!(line, "env DEBIAN_FRONTEND=noninteractive apt-get install --yes dbus");
    }
    #[cfg(unix)]
    #[test]
    fn services_are_kept_from_starting_while_packages_are_installed() {
        let folder = std::env::temp_dir().join(format!("starmesh-setup-{}", std::process::id()));
        let (policy, init) = (folder.join("policy-rc.d"), folder.join("init.d"));
        std::fs::create_dir_all(&init).unwrap();
        std::fs::write(init.join("saslauthd"), "").unwrap();
        let script = WITHOUT_SERVICES
            .replace("/usr/sbin/policy-rc.d", policy.to_str().unwrap())
            .replace("/etc/init.d", init.to_str().unwrap())
            .replace("update-rc.d", "echo");
        let install = format!("{} && echo installed; touch {}/cyrus-imapd", policy.display(), init.display());
        let run = |command: &str| {
            let mut sh = Command::new("sh");
            sh.args(["-c", &script, "setup", &SERVICES.join(" "), "sh", "-c", command]);
            sh.output().unwrap()
        };
        let first = run(&install.replace(" &&", "; [ $? = 101 ] &&"));
        assert_eq!(String::from_utf8_lossy(&first.stdout), "installed\ncyrus-imapd disable\n");
        assert!(first.status.success() && !policy.exists(), "what was put there is taken away");
        let second = run("true");
        assert_eq!(String::from_utf8_lossy(&second.stdout), "", "services that were there are left alone");
        std::fs::write(&policy, "theirs").unwrap();
        assert_eq!(run("exit 7").status.code(), Some(7));
        assert_eq!(std::fs::read_to_string(&policy).unwrap(), "theirs");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

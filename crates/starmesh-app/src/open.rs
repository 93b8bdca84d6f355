//! Opening a data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use starmesh_core::mirror::IdentityKey;
use starmesh_engine::{Engine, Parts};
use starmesh_http::HttpOptions;
use starmesh_provider::env::{Clock, Entropy};
use starmesh_store::state::State;
use starmesh_store::vault::PassphraseCost;
use starmesh_store::{ConfigurationCopy, DataFolderLock, MemoryStore, SqliteStore, Store};
use zeroize::Zeroizing;

use crate::data_folder::{DataFolder, VaultKind, VaultNote};
use crate::dto::DamageDto;
use crate::error::{AppError, ErrorCode, Result};
use crate::providers::{AccountProviders, Network};
use crate::rebuild::{Opened, check_readable, open_database};
use crate::vault::{Keys, Vault};

/// What a caller is going to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Access {
    /// Look, and change nothing on disk; beside a running engine.
    Read,
    /// Change what is wanted (accounts, groups, links, settings); beside a running engine.
    Configure,
    /// Write to calendars; one process at a time. The whole database is looked over first.
    Write,
    /// The same for as long as the program runs: the database is looked over while the calendars are asked what
    /// is new, and takes nothing before.
    Run,
}

impl Access {
    fn writes(self) -> bool {
        self >= Self::Write
    }
}

/// What a passphrase is for, so that it can be asked for in the right words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PassphrasePurpose {
    /// To open the vault of the data folder.
    OpenVault,
    /// To make the vault of a new data folder: asked for twice.
    NewVault,
    /// To seal a recovery file: asked for twice.
    SealRecovery,
    /// To open a recovery file.
    OpenRecovery,
}

/// Where passphrases come from: a person, or the environment.
pub trait Passphrases: Send + Sync {
    /// The passphrase, or why there is none.
    fn passphrase(&self, purpose: PassphrasePurpose) -> Result<SecretString>;
}

/// The world around the façade.
#[derive(Clone)]
pub struct World {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub entropy: Arc<dyn Entropy>,
    /// Where passphrases come from.
    pub passphrases: Arc<dyn Passphrases>,
    /// The zone that the environment names (`TZ`).
    pub zone: Option<String>,
    /// How to reach the network.
    pub http: HttpOptions,
    /// What one guess at a passphrase costs, for vaults and recovery files made from now on.
    pub passphrase_cost: PassphraseCost,
}

/// How to open a data folder.
#[derive(Clone)]
pub struct OpenOptions {
    /// The folder; made on first use.
    pub data_dir: PathBuf,
    /// Which vault; `None` takes the one that the folder remembers, the keychain on first use.
    pub vault: Option<VaultKind>,
    /// What the caller is going to do.
    pub access: Access,
    /// The world around.
    pub world: World,
}

/// Everything a person can do, over one data folder. Each noun has its file.
pub struct Starmesh {
    pub(crate) folder: DataFolder,
    pub(crate) state: State,
    pub(crate) vault: Option<Arc<Vault>>,
    pub(crate) providers: Arc<AccountProviders>,
    pub(crate) world: World,
    store: OpenStore,
    /// What is configured once more; none where nothing was ever kept.
    pub(crate) copy: Option<ConfigurationCopy>,
    rebuilt: Option<DamageDto>,
    /// Held as long as this process may write to calendars.
    lock: Option<DataFolderLock>,
}

/// The store, as it was opened.
enum OpenStore {
    /// The database.
    Disk(Arc<SqliteStore>),
    /// Nothing was ever kept: an empty stand-in.
    Nothing,
}

impl Starmesh {
    /// True when anything was ever kept in a data folder.
    pub fn exists(data_dir: &Path) -> bool {
        DataFolder::new(data_dir.to_owned()).database().exists()
    }

    /// Opens a data folder. Looking at a folder that is not there finds nothing and makes nothing.
    pub async fn open(options: OpenOptions) -> Result<Self> {
        let OpenOptions { data_dir, vault, access, world } = options;
        let folder = DataFolder::new(data_dir);
        let note = folder.vault_note()?;
        check_vault(note.as_ref(), vault)?;
        if access == Access::Read && note.is_some() {
            check_readable(&folder)?;
        }
        if access == Access::Read && (note.is_none() || !folder.database().exists()) {
            return Self::nothing(folder, world);
        }
        folder.create()?;
        // A new folder is set up by one process alone, whatever it is going to do.
        let lock = (access.writes() || note.is_none()).then(|| folder.lock()).transpose()?;
        let (vault, keys) = match folder.vault_note()? {
            Some(note) => {
                let vault = Vault::open(&folder, &note, &world).await?;
                let keys = vault.keys().await?.ok_or_else(|| keys_missing(&folder))?;
                (vault, keys)
            }
            None => set_up(&folder, vault.unwrap_or(VaultKind::Keychain), None, &world).await?,
        };
        let lock = lock.filter(|_| access.writes());
        Self::over(folder, Arc::new(vault), keys, access, world, lock).await
    }

    async fn over(
        folder: DataFolder,
        vault: Arc<Vault>,
        keys: Keys,
        access: Access,
        world: World,
        lock: Option<DataFolderLock>,
    ) -> Result<Self> {
        let copy = folder.configuration_copy();
        let copy = ConfigurationCopy::new(copy, &keys.data, Arc::clone(&world.entropy));
        let Opened { database, store, rebuilt } = match access {
            Access::Read => {
                let database = SqliteStore::open_read_only(&folder.database(), &keys.data).await?;
                let database = Arc::new(database);
                Opened { store: Arc::clone(&database) as Arc<dyn Store>, database, rebuilt: None }
            }
            Access::Configure | Access::Write | Access::Run => {
                open_database(&folder, &keys, &copy, access, &world, lock.as_ref()).await?
            }
        };
        let state = State::new(store, keys.identity);
        let network = Network::new(&world.http, Arc::clone(&world.clock), Arc::clone(&world.entropy))?;
        let providers = AccountProviders::new(state.clone(), Some(Arc::clone(&vault)), network);
        Ok(Self {
            folder,
            state,
            vault: Some(vault),
            providers: Arc::new(providers),
            world,
            store: OpenStore::Disk(database),
            copy: Some(copy),
            rebuilt,
            lock,
        })
    }

    /// Over a folder in which nothing was ever kept.
    fn nothing(folder: DataFolder, world: World) -> Result<Self> {
        // No mirror is ever made under this key: there is no account to make one in.
        let mut bytes = Zeroizing::new([0; 32]);
        world.entropy.fill(&mut *bytes);
        let state = State::new(Arc::new(MemoryStore::new()), IdentityKey::new(*bytes));
        let network = Network::new(&world.http, Arc::clone(&world.clock), Arc::clone(&world.entropy))?;
        let providers = Arc::new(AccountProviders::new(state.clone(), None, network));
        let store = OpenStore::Nothing;
        let (copy, rebuilt) = (None, None);
        Ok(Self { folder, state, vault: None, providers, world, store, copy, rebuilt, lock: None })
    }

    /// The database, where there is one.
    pub(crate) fn store(&self) -> Option<&dyn Store> {
        match &self.store {
            OpenStore::Disk(store) => Some(&**store),
            OpenStore::Nothing => None,
        }
    }

    /// Completes once the whole database was looked over ([`Access::Run`]); at once where that was done before.
    pub(crate) async fn verified(&self) -> Result<()> {
        match &self.store {
            OpenStore::Disk(store) => Ok(store.verified().await?),
            OpenStore::Nothing => Ok(()),
        }
    }

    /// Set when the database was found damaged, and was rebuilt, by this very opening.
    pub fn rebuilt(&self) -> Option<&DamageDto> {
        self.rebuilt.as_ref()
    }

    /// Closes the data folder, so that another process finds it tidy. Dropping is enough for safety.
    pub async fn close(self) {
        if let OpenStore::Disk(store) = &self.store {
            if self.may_write()
                && let Err(error) = store.give_back().await
            {
                tracing::debug!(%error, "the database stays as large as it is");
            }
            store.close().await;
        }
    }

    /// True when this process may write to calendars.
    pub(crate) fn may_write(&self) -> bool {
        self.lock.is_some()
    }

    /// A copy of all that is known, in memory: what happens on it happens nowhere else.
    pub(crate) async fn snapshot(&self) -> Result<State> {
        let store: Arc<dyn Store> = match &self.store {
            OpenStore::Disk(store) => Arc::new(store.snapshot().await?),
            OpenStore::Nothing => Arc::new(MemoryStore::new()),
        };
        Ok(State::new(store, self.state.keys().clone()))
    }

    /// An engine over `state`.
    pub(crate) fn engine(&self, state: State) -> Engine {
        self.engine_with(state, Arc::clone(&self.providers))
    }

    /// An engine over a copy that knows accounts which are not here.
    pub(crate) fn engine_of_its_own(&self, copy: State) -> Engine {
        let network = self.providers.network().clone();
        let providers = Arc::new(AccountProviders::new(copy.clone(), self.vault.clone(), network));
        self.engine_with(copy, providers)
    }

    fn engine_with(&self, state: State, providers: Arc<AccountProviders>) -> Engine {
        Engine::new(Parts {
            state,
            providers: providers as Arc<dyn starmesh_provider::Providers>,
            clock: Arc::clone(&self.world.clock),
            entropy: Arc::clone(&self.world.entropy),
        })
    }

    /// The vault, which is there whenever something may be kept.
    pub(crate) fn vault(&self) -> Result<&Arc<Vault>> {
        self.vault
            .as_ref()
            .ok_or_else(|| AppError::new(ErrorCode::Internal, "the data folder was opened without its vault"))
    }
}

/// Makes the vault of a new folder, its keys, and the note that says where they are. `identity` is the key
/// of a recovery file; without it a new one is drawn.
pub(crate) async fn set_up(
    folder: &DataFolder,
    kind: VaultKind,
    identity: Option<IdentityKey>,
    world: &World,
) -> Result<(Vault, Keys)> {
    let note = VaultNote::new(kind, random_name(&*world.entropy));
    let vault = Vault::create(folder, &note, world).await?;
    let keys = vault.make_keys(identity, &*world.entropy).await?;
    folder.write_vault_note(&note)?;
    Ok((vault, keys))
}

/// A random name of 80 bits, in letters and digits.
pub(crate) fn random_name(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 10];
    entropy.fill(&mut bytes);
    data_encoding::BASE32HEX_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// A folder keeps the vault it was made with.
pub(crate) fn check_vault(note: Option<&VaultNote>, wanted: Option<VaultKind>) -> Result<()> {
    match (note, wanted) {
        (Some(note), Some(wanted)) if note.vault != wanted => Err(AppError::new(
            ErrorCode::InvalidValue,
            format!("this data folder uses the {} vault, not the {} vault", note.vault.name(), wanted.name()),
        )
        .hint("leave --vault out, or use another data folder")),
        _ => Ok(()),
    }
}

fn keys_missing(folder: &DataFolder) -> AppError {
    AppError::new(
        ErrorCode::KeysMissing,
        format!("the vault holds no keys for the data folder {}", folder.path().display()),
    )
    .hint(
        "no mirror is lost: move this folder away, begin a new one with `starmesh key import FILE`, and add \
         the same accounts and groups",
    )
}

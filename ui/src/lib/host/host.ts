//! Everything the window can ask of the program, and the one stream it listens to.
//!
//! `tauri.ts` carries these calls to the real one; `fake/` pretends, for tests and for working on the window.
//! A failure rejects with an `AppError`.

import type {
  AccountAdded,
  AccountDto,
  AccountRemoved,
  CalendarsDto,
  CleanDto,
  DoctorDto,
  GroupChange,
  GroupDto,
  ImportDto,
  JourneyDto,
  LinkDto,
  PausesDto,
  PolicyEffect,
  ReportDto,
  RunEvent,
  SettingDto,
  SettingsDto,
  StatusDto,
  StepDto,
  UndoDto,
  WhyDto,
} from '$lib/bindings';
import type {
  DoctorBundleDto,
  ForecastDto,
  GlanceDto,
  LeaveDto,
  LinkScope,
  NewAccount,
  NewGroup,
  PauseLength,
  Place,
  PolicyChange,
  PrefsDto,
  PreparedPlanDto,
  RequestDto,
} from './types';

/** What the shell tells unasked. `changed` says what to ask for anew. */
export type HostEvent =
  | { kind: 'run'; event: RunEvent }
  | { kind: 'changed'; what: Changed[] }
  | { kind: 'open'; place: Place };

export type Changed = 'status' | 'accounts' | 'groups' | 'settings' | 'prefs' | 'plan' | 'steps';

export interface Host {
  statusGet(): Promise<StatusDto>;

  accountList(): Promise<AccountDto[]>;
  /** Opens the browser where the provider wants that, and answers once the person came back from it. */
  accountAdd(account: NewAccount): Promise<AccountAdded>;
  /** Stops waiting for the browser. */
  accountAddCancel(): Promise<void>;
  /** `secret` is absent where the browser is used. */
  accountSignIn(account: string, secret: string | null): Promise<AccountDto>;
  accountRemove(account: string): Promise<AccountRemoved>;

  calendarList(refresh: boolean): Promise<CalendarsDto>;
  calendarPause(calendar: string, length: PauseLength): Promise<PausesDto>;
  calendarResume(calendar: string): Promise<PausesDto>;

  groupList(): Promise<GroupDto[]>;
  groupForecast(group: NewGroup): Promise<ForecastDto>;
  groupAdd(group: NewGroup): Promise<GroupChange>;
  groupRemove(group: string): Promise<GroupChange>;
  groupLeave(group: string, calendar: string): Promise<GroupChange>;

  linkPause(scope: LinkScope, length: PauseLength): Promise<LinkDto[]>;
  linkResume(scope: LinkScope): Promise<LinkDto[]>;
  /** What other rules would do; nothing is kept. */
  policyPrepare(scope: LinkScope, change: PolicyChange): Promise<{ token: string; effects: PolicyEffect[] }>;
  policySet(token: string): Promise<PolicyEffect[]>;

  pauseSet(length: PauseLength): Promise<PausesDto>;
  pauseEnd(): Promise<PausesDto>;
  /** Looks at every calendar now. */
  checkNow(): Promise<void>;

  planPrepare(allowRemovals: number | null): Promise<PreparedPlanDto>;
  planApply(token: string): Promise<ReportDto>;
  /** Stops between two writes; what is written stays, and the next plan goes on from there. */
  planCancel(): Promise<void>;

  activityList(limit: number): Promise<JourneyDto[]>;
  whyAsk(calendar: string, time: string): Promise<WhyDto>;
  undoList(): Promise<StepDto[]>;
  undoPrepare(redo: boolean): Promise<{ token: string; undo: UndoDto }>;
  undoApply(token: string): Promise<UndoDto>;

  glanceGet(from: string, to: string): Promise<GlanceDto>;
  requestList(limit: number): Promise<RequestDto[]>;

  settingList(): Promise<SettingsDto>;
  settingSet(key: string, value: string): Promise<SettingDto>;
  /** The shell asks where to; answers false when the person thought better of it. */
  settingsExport(): Promise<boolean>;
  settingsImportPrepare(): Promise<{ token: string; changes: ImportDto } | null>;
  settingsImport(token: string): Promise<ImportDto>;
  keyExport(passphrase: string): Promise<boolean>;

  doctorExamine(): Promise<DoctorDto>;
  doctorBundle(): Promise<DoctorBundleDto>;
  doctorSave(): Promise<boolean>;

  leavePrepare(): Promise<LeaveDto>;
  leaveApply(token: string): Promise<CleanDto>;

  prefsGet(): Promise<PrefsDto>;
  prefsSet(prefs: PrefsDto): Promise<PrefsDto>;

  /** Opens one of the pages that the program knows by name, in the person's browser. */
  pageOpen(page: 'account_help' | 'guide' | 'licences'): Promise<void>;
  textCopy(text: string): Promise<void>;

  subscribe(listener: (event: HostEvent) => void): () => void;
}

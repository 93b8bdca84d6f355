//! The real program, over Tauri's bridge: one command per method and no decision of its own.

import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Host, HostEvent } from './host';

export const host: Host = {
  statusGet: () => invoke('status_get'),

  accountList: () => invoke('account_list'),
  accountAdd: (account) => invoke('account_add', { account }),
  accountAddCancel: () => invoke('account_add_cancel'),
  accountSignIn: (account, secret) => invoke('account_sign_in', { account, secret }),
  accountRemove: (account) => invoke('account_remove', { account }),

  calendarList: (refresh) => invoke('calendar_list', { refresh }),
  calendarPause: (calendar, length) => invoke('calendar_pause', { calendar, length }),
  calendarResume: (calendar) => invoke('calendar_resume', { calendar }),

  groupList: () => invoke('group_list'),
  groupForecast: (group) => invoke('group_forecast', { group }),
  groupAdd: (group) => invoke('group_add', { group }),
  groupRemove: (group) => invoke('group_remove', { group }),
  groupLeave: (group, calendar) => invoke('group_leave', { group, calendar }),

  linkPause: (scope, length) => invoke('link_pause', { scope, length }),
  linkResume: (scope) => invoke('link_resume', { scope }),
  policyPrepare: (scope, change) => invoke('policy_prepare', { scope, change }),
  policySet: (token) => invoke('policy_set', { token }),

  pauseSet: (length) => invoke('pause_set', { length }),
  pauseEnd: () => invoke('pause_end'),
  checkNow: () => invoke('check_now'),

  planPrepare: (allowRemovals) => invoke('plan_prepare', { allowRemovals }),
  planApply: (token) => invoke('plan_apply', { token }),
  planCancel: () => invoke('plan_cancel'),

  activityList: (limit) => invoke('activity_list', { limit }),
  whyAsk: (calendar, time) => invoke('why_ask', { calendar, time }),
  undoList: () => invoke('undo_list'),
  undoPrepare: (redo) => invoke('undo_prepare', { redo }),
  undoApply: (token) => invoke('undo_apply', { token }),

  glanceGet: (from, to) => invoke('glance_get', { from, to }),
  requestList: (limit) => invoke('request_list', { limit }),

  settingList: () => invoke('setting_list'),
  settingSet: (key, value) => invoke('setting_set', { key, value }),
  settingsExport: () => invoke('settings_export'),
  settingsImportPrepare: () => invoke('settings_import_prepare'),
  settingsImport: (token) => invoke('settings_import', { token }),
  keyExport: (passphrase) => invoke('key_export', { passphrase }),

  doctorExamine: () => invoke('doctor_examine'),
  doctorBundle: () => invoke('doctor_bundle'),
  doctorSave: () => invoke('doctor_save'),

  leavePrepare: () => invoke('leave_prepare'),
  leaveApply: (token) => invoke('leave_apply', { token }),

  prefsGet: () => invoke('prefs_get'),
  prefsSet: (prefs) => invoke('prefs_set', { prefs }),

  pageOpen: (page) => invoke('page_open', { page }),
  textCopy: (text) => invoke('text_copy', { text }),

  subscribe(listener) {
    // The bridge answers later whether it listens; whoever leaves before that is unsubscribed once it does.
    const listening = listen<HostEvent>('starmesh', (event) => listener(event.payload));
    return () => void listening.then((stop) => stop());
  },
};

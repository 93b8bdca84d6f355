//! English: the catalogue that the others follow.

import { everywhere } from './everywhere';
import { topology } from './topology';
import { plan } from './plan';
import { rest } from './rest';

export const en = { ...everywhere, ...topology, ...plan, ...rest };

export type MessageKey = keyof typeof en;

//! German.

import type { Message } from '../catalogue';
import type { MessageKey } from '../en';
import { everywhere } from './everywhere';
import { topology } from './topology';
import { plan } from './plan';
import { rest } from './rest';

export const de: Record<MessageKey, Message> = { ...everywhere, ...topology, ...plan, ...rest };

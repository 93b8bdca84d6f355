//! Which view is shown. It lives in the address, so that Back works and a notification can open a screen.

import type { Place } from '$lib/host/types';

const PLACES: readonly Place[] = ['start', 'topology', 'plan', 'activity', 'glance', 'privacy', 'settings', 'doctor'];

class Route {
  place = $state<Place>('topology');
  /** What the view is about, such as a calendar's path. */
  subject = $state('');

  constructor() {
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  go(place: Place, subject = '') {
    location.hash = subject === '' ? `/${place}` : `/${place}/${encodeURIComponent(subject)}`;
    this.#read();
  }

  #read() {
    const [, place = '', subject = ''] = location.hash.split('/');
    this.place = PLACES.find((known) => known === place) ?? 'topology';
    try {
      this.subject = decodeURIComponent(subject);
    } catch {
      // Somebody typed half an escape: the view opens without a subject.
      this.subject = '';
    }
  }
}

export const route = new Route();

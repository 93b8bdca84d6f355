import type { IconName } from '$components/icons';

/** The sign of a kind of account: what it is, not whose. */
export function providerIcon(provider: string): IconName {
  switch (provider) {
    case 'microsoft':
      return 'mail';
    case 'google':
      return 'cloud';
    case 'ics':
      return 'feed';
    default:
      return 'server';
  }
}

import type { SystemRole } from '../auth/permissions';

export interface DemoUser {
  username: string;
  displayName: string;
  role: SystemRole;
}

export interface DemoTenant {
  id: string;
  name: string;
  timeZone: string;
  country: string;
  pbxToken: string | null;
  users: readonly DemoUser[];
  /** `user` is the one whose desk it is. */
  extensions: readonly { number: string; label: string; user: string | null }[];
}

/** Everything the demo has; invented from end to end. The password of each user is `demo-<username>`. */
export const DEMO_TENANTS: readonly DemoTenant[] = [
  {
    id: '0000',
    name: 'Platform',
    timeZone: 'UTC',
    country: 'US',
    pbxToken: null,
    users: [{ username: 'root', displayName: 'Platform owner', role: 'owner' }],
    extensions: [],
  },
  {
    id: '0101',
    name: 'Demo One',
    timeZone: 'Europe/Moscow',
    country: 'RU',
    pbxToken: '100200300400',
    users: [
      { username: 'admin', displayName: 'Anna Admin', role: 'admin' },
      { username: 'boss', displayName: 'Boris Boss', role: 'supervisor' },
      { username: 'op12', displayName: 'Olga Operator', role: 'operator' },
      { username: 'op13', displayName: 'Oleg Operator', role: 'operator' },
      { username: 'sell1', displayName: 'Sofia Seller', role: 'seller' },
      { username: 'eng1', displayName: 'Egor Engineer', role: 'engineer' },
      { username: 'view1', displayName: 'Vera Viewer', role: 'viewer' },
    ],
    extensions: [
      { number: '101', label: 'Olga Operator', user: 'op12' },
      { number: '102', label: 'Oleg Operator', user: 'op13' },
      { number: '103', label: 'Sofia Seller', user: 'sell1' },
      { number: '150', label: 'Front desk', user: null },
      { number: '151', label: 'Warehouse', user: null },
      { number: '152', label: 'Meeting room', user: null },
    ],
  },
  {
    id: '0202',
    name: 'Demo Two',
    timeZone: 'UTC',
    country: 'US',
    pbxToken: '100200300500',
    users: [
      { username: 'admin2', displayName: 'Adam Admin', role: 'admin' },
      { username: 'op21', displayName: 'Oona Operator', role: 'operator' },
    ],
    extensions: [],
  },
];

export const demoPassword = (username: string): string => `demo-${username}`;

import Blocks from '@lucide/svelte/icons/blocks';
import Building from '@lucide/svelte/icons/building-2';
import Contact from '@lucide/svelte/icons/contact-round';
import Gauge from '@lucide/svelte/icons/gauge';
import Headphones from '@lucide/svelte/icons/headphones';
import Headset from '@lucide/svelte/icons/headset';
import Megaphone from '@lucide/svelte/icons/megaphone';
import History from '@lucide/svelte/icons/history';
import LayoutGrid from '@lucide/svelte/icons/layout-grid';
import ListChecks from '@lucide/svelte/icons/list-checks';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import PhoneCall from '@lucide/svelte/icons/phone-call';
import Plug from '@lucide/svelte/icons/plug';
import Server from '@lucide/svelte/icons/server';
import Settings from '@lucide/svelte/icons/settings';
import Smartphone from '@lucide/svelte/icons/smartphone';
import Store from '@lucide/svelte/icons/store';
import Users from '@lucide/svelte/icons/users';
import Webhook from '@lucide/svelte/icons/webhook';
import Workflow from '@lucide/svelte/icons/workflow';
import type { Component } from 'svelte';
import { m } from '#lib/paraglide/messages.js';
import { unreadChats } from '#lib/state/unread-chats.svelte.js';

export interface NavItem {
  href:
    | '/'
    | '/inbox'
    | '/leads'
    | '/calls'
    | '/dashboard'
    | '/settings'
    | '/tenants'
    | '/campaigns'
    | '/slots'
    | '/scripts'
    | '/phones'
    | '/pbx'
    | '/bridges'
    | '/operators'
    | '/pipelines'
    | '/people'
    | '/retailcrm-admin'
    | '/communications'
    | '/marketplace'
    | '/webhook';
  route:
    | '/(workspace)'
    | '/(workspace)/inbox'
    | '/(workspace)/leads'
    | '/(admin)/calls'
    | '/(admin)/dashboard'
    | '/(admin)/settings'
    | '/(admin)/tenants'
    | '/(admin)/campaigns'
    | '/(admin)/slots'
    | '/(admin)/scripts'
    | '/(admin)/phones'
    | '/(admin)/pbx'
    | '/(admin)/bridges'
    | '/(admin)/operators'
    | '/(admin)/pipelines'
    | '/(admin)/people'
    | '/(public)/retailcrm-admin'
    | '/(admin)/communications'
    | '/(admin)/marketplace'
    | '/(admin)/webhook';
  label: () => string;
  icon: Component<{ size?: number }>;
  /** Any of these actions opens the page. */
  needs: readonly string[];
  /** What waits there to be read. */
  count?: () => number;
}

export interface NavGroup {
  label: () => string;
  items: readonly NavItem[];
}

/** Every page of the app and what it takes to see it: the one table for the menu and for the denied page. */
export const NAVIGATION: readonly NavGroup[] = [
  {
    label: m.nav_group_work,
    items: [
      { href: '/', route: '/(workspace)', label: m.nav_workspace, icon: Headset, needs: ['call.view'] },
      {
        href: '/inbox',
        route: '/(workspace)/inbox',
        label: m.inbox_title,
        icon: MessagesSquare,
        needs: ['chat.view'],
        count: () => unreadChats.total,
      },
      {
        href: '/leads',
        route: '/(workspace)/leads',
        label: m.nav_leads,
        icon: Contact,
        needs: ['lead.view'],
      },
      { href: '/calls', route: '/(admin)/calls', label: m.nav_calls, icon: History, needs: ['call.view'] },
    ],
  },
  {
    label: m.nav_group_admin,
    items: [
      {
        href: '/dashboard',
        route: '/(admin)/dashboard',
        label: m.nav_dashboard,
        icon: Gauge,
        needs: ['dashboard.view'],
      },
      {
        href: '/campaigns',
        route: '/(admin)/campaigns',
        label: m.nav_campaigns,
        icon: Megaphone,
        needs: ['campaign.view', 'dnc.view'],
      },
      {
        href: '/operators',
        route: '/(admin)/operators',
        label: m.nav_operators,
        icon: Headphones,
        needs: ['operator.view'],
      },
      { href: '/slots', route: '/(admin)/slots', label: m.nav_slots, icon: LayoutGrid, needs: ['slot.view'] },
      {
        href: '/scripts',
        route: '/(admin)/scripts',
        label: m.nav_scripts,
        icon: ListChecks,
        needs: ['script.view'],
      },
      {
        href: '/phones',
        route: '/(admin)/phones',
        label: m.nav_phones,
        icon: Smartphone,
        needs: ['phone.view', 'phone.own'],
      },
      { href: '/pbx', route: '/(admin)/pbx', label: m.nav_pbx, icon: PhoneCall, needs: ['pbx.view'] },
      {
        href: '/bridges',
        route: '/(admin)/bridges',
        label: m.nav_bridges,
        icon: Server,
        needs: ['bridge.view'],
      },
      {
        href: '/pipelines',
        route: '/(admin)/pipelines',
        label: m.nav_pipelines,
        icon: Workflow,
        needs: ['pipeline.view'],
      },
      {
        href: '/retailcrm-admin',
        route: '/(public)/retailcrm-admin',
        label: m.nav_crm,
        icon: Plug,
        needs: ['integration.view'],
      },
      {
        href: '/webhook',
        route: '/(admin)/webhook',
        label: m.nav_webhook,
        icon: Webhook,
        needs: ['integration.view'],
      },
      {
        href: '/communications',
        route: '/(admin)/communications',
        label: m.nav_communications,
        icon: Blocks,
        needs: ['integration.view'],
      },
      {
        href: '/people',
        route: '/(admin)/people',
        label: m.nav_people,
        icon: Users,
        needs: ['user.view', 'role.view', 'audit.view'],
      },
      {
        href: '/settings',
        route: '/(admin)/settings',
        label: m.nav_settings,
        icon: Settings,
        needs: ['tenant.settings', 'extension.view'],
      },
      {
        href: '/marketplace',
        route: '/(admin)/marketplace',
        label: m.nav_marketplace,
        icon: Store,
        needs: ['marketplace.manage'],
      },
      {
        href: '/tenants',
        route: '/(admin)/tenants',
        label: m.nav_tenants,
        icon: Building,
        needs: ['tenant.manage'],
      },
    ],
  },
];

const isWithin = (href: string, path: string): boolean =>
  href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);

/** The menu entry a path belongs to. */
export const itemOf = (path: string): NavItem | undefined =>
  NAVIGATION.flatMap((group) => group.items).find((item) => isWithin(item.href, path));

import { m } from '#lib/paraglide/messages.js';

/** Parts of a link's page, whatever its family. */
export const LINK_TABS = ['connection', 'settings', 'logs', 'diagnostics'] as const;
/** Of RetailCRM's page: it also says who its customers' managers are. */
export const RETAILCRM_TABS = ['connection', 'settings', 'callers', 'logs', 'diagnostics'] as const;
export const tabLabels: Record<(typeof RETAILCRM_TABS)[number], () => string> = {
  connection: m.crm_tab_connection,
  settings: m.crm_tab_settings,
  callers: m.crm_tab_callers,
  logs: m.crm_tab_logs,
  diagnostics: m.crm_tab_diagnostics,
};

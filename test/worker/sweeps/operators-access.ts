import type { Action } from '../../../worker/auth/permissions';

const ROOT = '/callcenter_operators/v1';

/** Routes of operators with what each asks for; whose line it is is looked at beyond that. */
export const OPERATORS_ACCESS: Readonly<Record<string, Action>> = {
  [`POST ${ROOT}/operators/add_bulk/`]: 'operator.manage',
  [`GET ${ROOT}/admin/operators/`]: 'operator.view',
  [`POST ${ROOT}/admin/operators/delete_bulk/`]: 'operator.manage',
  [`POST ${ROOT}/admin/operator/add_to_telephony`]: 'operator.manage',
  [`POST ${ROOT}/admin/operator/remove_from_telephony`]: 'operator.manage',
  [`POST ${ROOT}/admin/operator/force`]: 'operator.manage',
  [`POST ${ROOT}/admin/operator/repair`]: 'operator.manage',
  [`POST ${ROOT}/admin/operator/update`]: 'operator.manage',
  [`GET ${ROOT}/admin/board`]: 'operator.view',
  [`GET ${ROOT}/admin/settings`]: 'operator.view',
  [`PUT ${ROOT}/admin/settings`]: 'operator.manage',
  [`GET ${ROOT}/admin/telephony`]: 'operator.view',
  [`POST ${ROOT}/admin/telephony/check`]: 'operator.manage',
  [`GET ${ROOT}/admin/timeline`]: 'operator.view',
  [`GET ${ROOT}/admin/timeline/days`]: 'operator.view',
  [`GET ${ROOT}/operator/connection`]: 'operator.line',
  [`POST ${ROOT}/operator/connection`]: 'operator.line',
  [`GET ${ROOT}/operator/mine`]: 'operator.line',
  [`GET ${ROOT}/operator/pause`]: 'operator.line',
  [`POST ${ROOT}/operator/pause`]: 'operator.line',
  [`POST ${ROOT}/operator/set_queues`]: 'operator.manage',
  [`POST ${ROOT}/operator/show_password`]: 'operator.line',
  [`POST ${ROOT}/operator/status`]: 'operator.line',
  [`POST ${ROOT}/admin/enrolments`]: 'operator.manage',
  [`GET ${ROOT}/admin/enrolments`]: 'operator.manage',
  [`GET ${ROOT}/admin/enrolments/{id}`]: 'operator.manage',
  [`GET ${ROOT}/admin/enrolments/{id}/report`]: 'operator.manage',
  [`POST ${ROOT}/admin/enrolments/{id}/stop`]: 'operator.manage',
  [`POST ${ROOT}/admin/enrolments/{id}/resume`]: 'operator.manage',
};

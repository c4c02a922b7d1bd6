-- Roles every tenant has, as in SYSTEM_ROLES (worker/auth/permissions.ts), and the platform's own tenant.
INSERT INTO `roles` (`id`, `tenant_id`, `name`, `system`, `permissions`, `created_at`) VALUES
	('role_admin', NULL, 'admin', 1, '{"POINT":["read","write"],"OTTB":["read","write","call","automate"],"DCI":["read","run"],"WORKSPACE":["view","call"],"OPERATORS":["read","write"],"INTEGRATIONS":["read","write"],"COMMUNICATIONS":["read","write"]}', unixepoch() * 1000),
	('role_supervisor', NULL, 'supervisor', 1, '{"POINT":["read"],"OTTB":["read","call"],"WORKSPACE":["view","call"],"OPERATORS":["read","write"],"COMMUNICATIONS":["read","write"]}', unixepoch() * 1000),
	('role_operator', NULL, 'operator', 1, '{"WORKSPACE":["view","call"],"COMMUNICATIONS":["read","write"]}', unixepoch() * 1000),
	('role_seller', NULL, 'seller', 1, '{"WORKSPACE":["view","call"],"COMMUNICATIONS":["read"]}', unixepoch() * 1000),
	('role_engineer', NULL, 'engineer', 1, '{"OTTB":["read","write","call","automate"],"DCI":["read","run"],"WORKSPACE":["view"],"INTEGRATIONS":["read"]}', unixepoch() * 1000),
	('role_viewer', NULL, 'viewer', 1, '{"OTTB":["read"],"DCI":["read"],"WORKSPACE":["view"],"OPERATORS":["read"]}', unixepoch() * 1000),
	('role_owner', NULL, 'owner', 1, '{"POINT":["read","write"]}', unixepoch() * 1000);
--> statement-breakpoint
INSERT INTO `tenants` (`id`, `name`, `kind`, `time_zone`, `created_at`) VALUES ('0000', 'Platform', 'platform', 'UTC', unixepoch() * 1000);

CREATE TABLE `crm_links` (
	`tenant_id` text NOT NULL,
	`family` text NOT NULL,
	`enabled` integer NOT NULL,
	`url` text NOT NULL,
	`secret` text NOT NULL,
	`hint` text NOT NULL,
	`client_id` text,
	`token_version` integer DEFAULT 0 NOT NULL,
	`registered_at` integer,
	`options` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `family`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `crm_links_client` ON `crm_links` (`client_id`);--> statement-breakpoint
CREATE TABLE `crm_managers` (
	`tenant_id` text NOT NULL,
	`family` text NOT NULL,
	`user_id` text NOT NULL,
	`extension` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `family`, `user_id`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `crm_managers_extension` ON `crm_managers` (`tenant_id`,`family`,`extension`);--> statement-breakpoint
CREATE TABLE `crm_rules` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`rules` text DEFAULT '{}' NOT NULL,
	`version` integer NOT NULL,
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);

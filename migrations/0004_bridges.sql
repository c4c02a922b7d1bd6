CREATE TABLE `bridges` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`number` integer NOT NULL,
	`name` text NOT NULL,
	`code_hash` text,
	`code_expires_at` integer,
	`public_key` text,
	`enrolled_at` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `bridges_number` ON `bridges` (`tenant_id`,`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `bridges_code` ON `bridges` (`code_hash`);--> statement-breakpoint
CREATE TABLE `slot_scripts` (
	`tenant_id` text NOT NULL,
	`name` text NOT NULL,
	`script` text NOT NULL,
	`updated_at` integer NOT NULL,
	`updated_by` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `name`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `slots` (
	`tenant_id` text NOT NULL,
	`id` integer NOT NULL,
	`bridge_id` text NOT NULL,
	`key` text NOT NULL,
	`label` text,
	`user_id` text,
	`trunk` text,
	`config` text NOT NULL,
	`created_at` integer NOT NULL,
	`removed_at` integer,
	PRIMARY KEY(`tenant_id`, `id`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`bridge_id`) REFERENCES `bridges`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `slots_key` ON `slots` (`tenant_id`,`key`);--> statement-breakpoint
CREATE INDEX `slots_bridge` ON `slots` (`bridge_id`);
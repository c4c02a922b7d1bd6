CREATE TABLE `operator_settings` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`settings` text NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `operators` (
	`tenant_id` text NOT NULL,
	`yandex_uuid` text NOT NULL,
	`login` text NOT NULL,
	`full_name` text NOT NULL,
	`user_id` text,
	`cc_id` text,
	`agent_id` text,
	`extension` text,
	`queues` text NOT NULL,
	`in_telephony` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `yandex_uuid`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `operators_extension` ON `operators` (`tenant_id`,`extension`);--> statement-breakpoint
CREATE INDEX `operators_user` ON `operators` (`tenant_id`,`user_id`);
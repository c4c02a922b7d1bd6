CREATE TABLE `app_versions` (
	`app_code` text NOT NULL,
	`version` text NOT NULL,
	`number` integer NOT NULL,
	`moderation` text DEFAULT 'pending' NOT NULL,
	`test_stand` text DEFAULT 'pending' NOT NULL,
	`published_at` integer,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`app_code`, `version`),
	FOREIGN KEY (`app_code`) REFERENCES `provider_apps`(`app_code`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `app_versions_number` ON `app_versions` (`app_code`,`number`);--> statement-breakpoint
CREATE TABLE `client_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`provider` text NOT NULL,
	`hint` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text,
	`revoked_at` integer,
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`provider`) REFERENCES `provider_apps`(`app_code`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `client_tokens_of` ON `client_tokens` (`tenant_id`,`provider`);--> statement-breakpoint
CREATE TABLE `marketplace_credentials` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`developer` text,
	`token_hash` text NOT NULL,
	`hint` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `marketplace_credentials_token` ON `marketplace_credentials` (`token_hash`);--> statement-breakpoint
CREATE TABLE `provider_apps` (
	`app_code` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`developer` text NOT NULL,
	`scope_since` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `provider_configurations` (
	`id` text PRIMARY KEY NOT NULL,
	`app_code` text NOT NULL,
	`app_version` text NOT NULL,
	`configuration_version` text NOT NULL,
	`number` integer NOT NULL,
	`active` integer NOT NULL,
	`content` text NOT NULL,
	`key` text NOT NULL,
	`hint` text NOT NULL,
	`inherited_from` text,
	`created_at` integer NOT NULL,
	`removed_at` integer,
	FOREIGN KEY (`app_code`) REFERENCES `provider_apps`(`app_code`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `provider_configurations_version` ON `provider_configurations` (`app_code`,`app_version`,`configuration_version`);--> statement-breakpoint
CREATE UNIQUE INDEX `provider_configurations_number` ON `provider_configurations` (`app_code`,`app_version`,`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `provider_configurations_active` ON `provider_configurations` (`app_code`,`app_version`) WHERE active = 1;--> statement-breakpoint
CREATE TABLE `tenant_configurations` (
	`tenant_id` text NOT NULL,
	`app_code` text NOT NULL,
	`app_version` text NOT NULL,
	`configuration_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `app_code`),
	FOREIGN KEY (`tenant_id`) REFERENCES `tenants`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`app_code`) REFERENCES `provider_apps`(`app_code`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`configuration_id`) REFERENCES `provider_configurations`(`id`) ON UPDATE no action ON DELETE no action
);

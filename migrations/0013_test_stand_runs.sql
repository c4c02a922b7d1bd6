ALTER TABLE `app_versions` ADD `test_stand_at` integer;--> statement-breakpoint
ALTER TABLE `app_versions` ADD `test_stand_run` text;
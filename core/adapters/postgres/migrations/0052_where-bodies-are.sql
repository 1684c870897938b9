-- Up Migration

-- `blob` may be a part of a blob with several bodies, so it says no more what the body is: its month and hash do. Rows without
-- them have a blob of their own, which is named by them.
ALTER TABLE proxy_answer ADD COLUMN content text;

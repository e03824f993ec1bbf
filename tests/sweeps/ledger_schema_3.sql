BEGIN TRANSACTION;
CREATE TABLE asked (
	id INTEGER NOT NULL, 
	sweep_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	said JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(sweep_id) REFERENCES sweeps (id)
);
INSERT INTO "asked" VALUES(1,1,'2026-11-30 02:30:52.794763','{"seeds": 1, "trials": 2, "sampler": "grid", "code": "2f9cb1a5e4ed"}');
CREATE TABLE launches (
	id INTEGER NOT NULL, 
	sweep_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	command TEXT NOT NULL, 
	"commit" VARCHAR NOT NULL, 
	dirty BOOLEAN NOT NULL, 
	diff TEXT NOT NULL, 
	code VARCHAR NOT NULL, 
	versions JSON NOT NULL, 
	hardware JSON NOT NULL, 
	ended DATETIME, 
	exit_code INTEGER, 
	reason VARCHAR, 
	PRIMARY KEY (id), 
	FOREIGN KEY(sweep_id) REFERENCES sweeps (id)
);
INSERT INTO "launches" VALUES(1,1,'2026-11-30 02:30:52.957248','python sweeps/launch.py --space nfft_bins --home runs --local --trials 2 --seeds 1 --set train.steps=4 train.eval_every=2 train.warmup_steps=0 train.batch_size=2 task.eval_sequences=4 task.test_sequences=4 model.width=8 model.layers=1','15f8c284e652d0cf5cb1ef97c61319dc3a32d0d5',0,'','2f9cb1a5e4ed','{"python": "3.11.7", "torch": "2.13.0+cpu", "ray": "2.60.0", "optuna": "5.0.0", "mlflow": "3.17.2", "sqlalchemy": "2.1.9", "pyarrow": "25.0.1", "numpy": "2.4.6"}','{"system": "Linux-6.18.44-fc-v782-x86_64-with-glibc2.36", "cpu": "AMD EPYC", "cpus": 2}','2026-11-30 02:31:51.773861',0,'done');
CREATE TABLE leases (
	sweep_id INTEGER NOT NULL, 
	token VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	machine VARCHAR NOT NULL, 
	began VARCHAR NOT NULL, 
	since DATETIME NOT NULL, 
	beat INTEGER NOT NULL, 
	PRIMARY KEY (sweep_id), 
	FOREIGN KEY(sweep_id) REFERENCES sweeps (id)
);
CREATE TABLE replicates (
	id INTEGER NOT NULL, 
	trial_row INTEGER NOT NULL, 
	seed INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	step INTEGER NOT NULL, 
	value DOUBLE, 
	test DOUBLE, 
	PRIMARY KEY (id), 
	UNIQUE (trial_row, seed), 
	FOREIGN KEY(trial_row) REFERENCES trials (id)
);
INSERT INTO "replicates" VALUES(1,1,0,'complete',4,0.0,0.25);
INSERT INTO "replicates" VALUES(2,2,0,'complete',4,0.0,0.25);
CREATE TABLE reports (
	id INTEGER NOT NULL, 
	trial_row INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	value DOUBLE, 
	metrics JSON NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (trial_row, step), 
	FOREIGN KEY(trial_row) REFERENCES trials (id)
);
INSERT INTO "reports" VALUES(1,1,2,0.0,'{"seconds_per_step": 0.1610829620003642, "peak_bytes": 523968512.0, "leak": 3.6439654939673873e-16, "parameters": 1388.0, "chance": 0.25, "loss_floor": 0.0, "flops_per_token": 2304.0, "decoder_bytes": 1088.0, "value/0": 0.0, "loss/0": 3.2842202186584473, "train_loss/0": 2.8989691734313965, "window_ceiling/0": 0.25, "pole_radius_max/0": 0.7080851197242737, "pole_radius_median/0": 0.7069675922393799, "pole_radius_max.layer0/0": 0.7080851197242737, "pole_radius_median.layer0/0": 0.7069675922393799, "window_ceiling": 0.25, "pole_radius_max": 0.7080851197242737, "pole_radius_median": 0.7069675922393799}','2026-11-30 02:31:38.974105');
INSERT INTO "reports" VALUES(2,1,4,0.0,'{"seconds_per_step": 0.11771483599659405, "peak_bytes": 525492224.0, "parameters": 1388.0, "chance": 0.25, "loss_floor": 0.0, "flops_per_token": 2304.0, "decoder_bytes": 1088.0, "value/0": 0.0, "loss/0": 3.2614636421203613, "train_loss/0": 3.73856782913208, "window_ceiling/0": 0.25, "pole_radius_max/0": 0.7089629769325256, "pole_radius_median/0": 0.7074412107467651, "pole_radius_max.layer0/0": 0.7089629769325256, "pole_radius_median.layer0/0": 0.7074412107467651, "test/0": 0.25, "leak/0": 4.417034120025987e-16, "effective_memory/0": 14.0, "peak_gain/0": 2.14738392829895, "effective_memory.layer0/0": 14.0, "peak_gain.layer0/0": 2.14738392829895, "theta_mean/0": 0.0, "test": 0.25, "window_ceiling": 0.25, "leak": 4.417034120025987e-16, "pole_radius_max": 0.7089629769325256, "pole_radius_median": 0.7074412107467651, "effective_memory": 14.0, "peak_gain": 2.14738392829895, "theta_mean": 0.0}','2026-11-30 02:31:39.574134');
INSERT INTO "reports" VALUES(3,2,2,0.0,'{"seconds_per_step": 0.11329317950003315, "peak_bytes": 526397440.0, "leak": 4.858620658528332e-16, "parameters": 1388.0, "chance": 0.25, "loss_floor": 0.0, "flops_per_token": 2944.0, "decoder_bytes": 1088.0, "value/0": 0.0, "loss/0": 3.2842202186584473, "train_loss/0": 2.8989694118499756, "window_ceiling/0": 0.25, "pole_radius_max/0": 0.7080851197242737, "pole_radius_median/0": 0.7069675922393799, "pole_radius_max.layer0/0": 0.7080851197242737, "pole_radius_median.layer0/0": 0.7069675922393799, "window_ceiling": 0.25, "pole_radius_max": 0.7080851197242737, "pole_radius_median": 0.7069675922393799}','2026-11-30 02:31:40.533141');
INSERT INTO "reports" VALUES(4,2,4,0.0,'{"seconds_per_step": 0.1265713125030743, "peak_bytes": 526417920.0, "parameters": 1388.0, "chance": 0.25, "loss_floor": 0.0, "flops_per_token": 2944.0, "decoder_bytes": 1088.0, "value/0": 0.0, "loss/0": 3.2614634037017822, "train_loss/0": 3.738567590713501, "window_ceiling/0": 0.25, "pole_radius_max/0": 0.7089629769325256, "pole_radius_median/0": 0.7074412107467651, "pole_radius_max.layer0/0": 0.7089629769325256, "pole_radius_median.layer0/0": 0.7074412107467651, "test/0": 0.25, "leak/0": 7.310952956396805e-16, "effective_memory/0": 14.0, "peak_gain/0": 2.14738392829895, "effective_memory.layer0/0": 14.0, "peak_gain.layer0/0": 2.14738392829895, "theta_mean/0": 0.0, "test": 0.25, "window_ceiling": 0.25, "leak": 7.310952956396805e-16, "pole_radius_max": 0.7089629769325256, "pole_radius_median": 0.7074412107467651, "effective_memory": 14.0, "peak_gain": 2.14738392829895, "theta_mean": 0.0}','2026-11-30 02:31:41.268023');
CREATE TABLE schema_info (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_info" VALUES(3);
CREATE TABLE sweeps (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	space VARCHAR NOT NULL, 
	question TEXT NOT NULL, 
	metric VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	sampler VARCHAR NOT NULL, 
	sampler_seed INTEGER NOT NULL, 
	seeds INTEGER NOT NULL, 
	planned INTEGER NOT NULL, 
	base JSON NOT NULL, 
	axes JSON NOT NULL, 
	command TEXT NOT NULL, 
	"commit" VARCHAR NOT NULL, 
	dirty BOOLEAN NOT NULL, 
	diff TEXT NOT NULL, 
	code VARCHAR NOT NULL, 
	versions JSON NOT NULL, 
	hardware JSON NOT NULL, 
	created DATETIME NOT NULL, 
	finished DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "sweeps" VALUES(1,'nfft_bins','nfft_bins','How many bins, and how many NFFT points for each of their tokens?','accuracy','maximize','grid',0,1,2,'{"model.mode": "strict", "model.mixer": "focus", "model.width": 8, "model.layers": 1, "model.ffn_width": 16, "model.feed_forward": true, "model.dropout": 0.0, "model.key_width": 4, "model.value_width": 8, "model.chunk_length": 16, "model.sliding": false, "model.filter": "adaptive", "model.order": 2, "model.filters": 1, "model.parameterisation": "sigmoid", "model.gain": "none", "model.realisation": "sampled", "model.carry": false, "model.bin_length": 16, "model.nfft": 32, "model.oversampling": 4, "model.hyper_width": 64, "model.theta_shift": 1, "model.global_conv": "causal", "model.conv_squash": 0.003, "model.conv_dropout": 0.0, "model.key_from": "filtered", "model.value_from": "filtered", "model.gates_from": "filtered", "model.attention": "chunked", "model.short_conv": 0, "model.filter_skip": false, "model.pooling": "max", "model.hyper_activation": "sigmoid", "model.theta_init": "hyperfan_in", "model.first_bin": "learned", "task.name": "far_recall", "task.length": 64, "task.eval_sequences": 4, "task.test_sequences": 4, "task.train_sequences": 0, "task.keys": 4, "task.values": 4, "task.loss": "last", "task.gap": 18, "train.steps": 4, "train.batch_size": 2, "train.learning_rate": 0.003, "train.conv_learning_rate": 0.01, "train.schedule": "constant", "train.warmup_steps": 0, "train.weight_decay": 0.1, "train.clip": 1.0, "train.eval_every": 2}','[{"key": "model.bin_length", "kind": "categorical", "choices": [64, 32, 16, 8]}, {"key": "model.nfft_factor", "kind": "categorical", "choices": [1, 2, 4]}]','python sweeps/launch.py --space nfft_bins --home runs --local --trials 2 --seeds 1 --set train.steps=4 train.eval_every=2 train.warmup_steps=0 train.batch_size=2 task.eval_sequences=4 task.test_sequences=4 model.width=8 model.layers=1','15f8c284e652d0cf5cb1ef97c61319dc3a32d0d5',0,'','2f9cb1a5e4ed','{"python": "3.11.7", "torch": "2.13.0+cpu", "ray": "2.60.0", "optuna": "5.0.0", "mlflow": "3.17.2", "sqlalchemy": "2.1.9", "pyarrow": "25.0.1", "numpy": "2.4.6"}','{"system": "Linux-6.18.44-fc-v782-x86_64-with-glibc2.36", "cpu": "AMD EPYC", "cpus": 2}','2026-11-30 02:30:52.794763','2026-11-30 02:31:41.379413');
CREATE TABLE trials (
	id INTEGER NOT NULL, 
	sweep_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	trial_id VARCHAR NOT NULL, 
	point JSON NOT NULL, 
	config JSON NOT NULL, 
	code VARCHAR DEFAULT '' NOT NULL, 
	variant VARCHAR, 
	causal BOOLEAN NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR, 
	error TEXT, 
	value DOUBLE, 
	test DOUBLE, 
	step INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	retries INTEGER NOT NULL, 
	reused_from VARCHAR, 
	started DATETIME, 
	finished DATETIME, 
	seconds DOUBLE NOT NULL, 
	token VARCHAR NOT NULL, 
	note TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (sweep_id, trial_id), 
	UNIQUE (sweep_id, number), 
	FOREIGN KEY(sweep_id) REFERENCES sweeps (id)
);
INSERT INTO "trials" VALUES(1,1,0,'3637cec4a86c','{"model.bin_length": 64, "model.nfft_factor": 1}','{"model.mode": "strict", "model.mixer": "focus", "model.width": 8, "model.layers": 1, "model.ffn_width": 16, "model.feed_forward": true, "model.dropout": 0.0, "model.key_width": 4, "model.value_width": 8, "model.chunk_length": 16, "model.sliding": false, "model.filter": "adaptive", "model.order": 2, "model.filters": 1, "model.parameterisation": "sigmoid", "model.gain": "none", "model.realisation": "sampled", "model.bin_length": 64, "model.nfft": 64, "model.theta_shift": 1, "model.key_from": "filtered", "model.value_from": "filtered", "model.gates_from": "filtered", "model.attention": "chunked", "model.short_conv": 0, "model.filter_skip": false, "model.theta_init": "hyperfan_in", "model.first_bin": "learned", "task.name": "far_recall", "task.length": 64, "task.eval_sequences": 4, "task.test_sequences": 4, "task.train_sequences": 0, "task.keys": 4, "task.values": 4, "task.loss": "last", "task.gap": 18, "train.steps": 4, "train.batch_size": 2, "train.learning_rate": 0.003, "train.schedule": "constant", "train.warmup_steps": 0, "train.weight_decay": 0.1, "train.clip": 1.0, "train.eval_every": 2}','6038f4e013ab',NULL,1,'complete',NULL,NULL,0.0,0.25,4,4,0,NULL,'2026-11-30 02:31:14.632092','2026-11-30 02:31:39.672882',5.57595595993916504085e-01,'93b16c895c444b3baa1b5e52de3ffd0f',NULL);
INSERT INTO "trials" VALUES(2,1,1,'691eb4936577','{"model.bin_length": 64, "model.nfft_factor": 2}','{"model.mode": "strict", "model.mixer": "focus", "model.width": 8, "model.layers": 1, "model.ffn_width": 16, "model.feed_forward": true, "model.dropout": 0.0, "model.key_width": 4, "model.value_width": 8, "model.chunk_length": 16, "model.sliding": false, "model.filter": "adaptive", "model.order": 2, "model.filters": 1, "model.parameterisation": "sigmoid", "model.gain": "none", "model.realisation": "sampled", "model.bin_length": 64, "model.nfft": 128, "model.theta_shift": 1, "model.key_from": "filtered", "model.value_from": "filtered", "model.gates_from": "filtered", "model.attention": "chunked", "model.short_conv": 0, "model.filter_skip": false, "model.theta_init": "hyperfan_in", "model.first_bin": "learned", "task.name": "far_recall", "task.length": 64, "task.eval_sequences": 4, "task.test_sequences": 4, "task.train_sequences": 0, "task.keys": 4, "task.values": 4, "task.loss": "last", "task.gap": 18, "train.steps": 4, "train.batch_size": 2, "train.learning_rate": 0.003, "train.schedule": "constant", "train.warmup_steps": 0, "train.weight_decay": 0.1, "train.clip": 1.0, "train.eval_every": 2}','6038f4e013ab',NULL,1,'complete',NULL,NULL,0.0,0.25,4,4,0,NULL,'2026-11-30 02:31:39.917800','2026-11-30 02:31:41.326060',4.79728984006214886903e-01,'295efe262d1c4cd684ae112da27373b6',NULL);
CREATE INDEX ix_asked_sweep_id ON asked (sweep_id);
CREATE INDEX ix_launches_sweep_id ON launches (sweep_id);
CREATE INDEX ix_trials_sweep_id ON trials (sweep_id);
CREATE INDEX ix_trials_trial_id ON trials (trial_id);
CREATE INDEX ix_replicates_trial_row ON replicates (trial_row);
CREATE INDEX ix_reports_trial_row ON reports (trial_row);
COMMIT;

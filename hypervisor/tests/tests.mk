# SPDX-License-Identifier: Apache-2.0
# Unit tests and fuzz targets: the core, the virtual devices and the virtual GIC's back end on a fake machine (arch/host).
#
#   make test BUILD=/tmp/veil              -> every tests/*_test.c under ASan and UBSan, and every fuzz target for FUZZ_SECONDS=2 without a fuzzer;
#                                             last line "N passed, N failed"
#   make fuzz BUILD=/tmp/veil SECONDS=600  -> every tests/fuzz/*_fuzz.c for that long each, from the corpora in the tree
#   SEED=n                                 -> other random numbers for the tests that use some
CLANG ?= clang
SECONDS ?= 10

# Veil's own memcpy and friends get other names: the sanitizers bring theirs.
host_flags = $(common) -Iarch/host -O1 -g -fno-pie -fno-omit-frame-pointer \
	-Dmemcpy=veil_memcpy -Dmemset=veil_memset -Dmemcmp=veil_memcmp
host_sanitize = -fsanitize=address,undefined -fno-sanitize-recover=all
host_sources = $(portable) $(wildcard arch/host/*.c) tests/image.c tests/bridge.c tests/network.c
test_objects = $(patsubst %.c,$(BUILD)/host/%.o,$(host_sources))
test_programs = $(patsubst tests/%.c,$(BUILD)/host/%,$(wildcard tests/*_test.c)) $(patsubst tests/%.c,$(BUILD)/host/%,$(wildcard tests/armv6/*_test.c))
fuzz_short = $(patsubst tests/fuzz/%.c,$(BUILD)/host/%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz_objects = $(patsubst %.c,$(BUILD)/fuzz/%.o,$(host_sources))
fuzz_programs = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))

# A program's own summary is indented, so that the totals are counted once.
test: $(test_programs) $(fuzz_short)
	@passed=0; failed=0; for t in $^; do \
		timeout 600 $$t > $(BUILD)/host/output 2>&1; status=$$?; summary=$$(tail -n 1 $(BUILD)/host/output); \
		case "$$summary" in *" passed, "*" failed") ;; *) summary="0 passed, 1 failed"; cat $(BUILD)/host/output;; esac; \
		test $$status = 0 || sed '$$d' $(BUILD)/host/output; \
		echo "    $$(basename $$t): $$summary"; \
		set -- $$summary; passed=$$((passed + $$1)); failed=$$((failed + $$3)); \
	done; echo "$$passed passed, $$failed failed"; test $$failed = 0 -a $$passed != 0

fuzz: $(fuzz_programs)
	@failed=0; for f in $^; do \
		name=$$(basename $$f); mkdir -p $(BUILD)/fuzz/corpus/$$name; \
		$$f -max_total_time=$(SECONDS) -max_len=4096 -timeout=10 -print_final_stats=0 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/$$name- \
			$(BUILD)/fuzz/corpus/$$name tests/fuzz/corpus/$$name > $(BUILD)/fuzz/$$name.log 2>&1 \
			|| { failed=$$((failed + 1)); cat $(BUILD)/fuzz/$$name.log; }; \
	done; set -- $^; echo "$$(($$# - failed)) passed, $$failed failed"; test $$failed = 0

$(BUILD)/host/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CC) $(host_flags) $(host_sanitize) -MMD -c $< -o $@
$(BUILD)/host/%_test: $(BUILD)/host/tests/%_test.o $(test_objects)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

# ---- arch/armv6: what of it is portable C, each test with its own fakes of the rest. From an archive only what a test needs is taken. ----
armv6_flags = $(subst -Iarch/host,-Iarch/armv6,$(subst -Iplatforms/$(guest_machine),-Iplatforms/integrator_cp,$(host_flags)))
armv6_units = $(patsubst %,arch/armv6/%.c,emulate guest load_store p15 reach shadow shadow_forget shadow_pool stage2 walk) core/lib.c \
	$(patsubst %,tests/armv6/%.c,mmu_fake persona_fake walk_reference)
$(BUILD)/host/armv6/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CC) $(armv6_flags) $(host_sanitize) -MMD -c $< -o $@
$(BUILD)/host/armv6/units.a: $(patsubst %.c,$(BUILD)/host/armv6/%.o,$(armv6_units))
	@rm -f $@; ar rcs $@ $^
$(BUILD)/host/armv6/%_test: $(BUILD)/host/armv6/tests/armv6/%_test.o $(BUILD)/host/armv6/units.a
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

$(BUILD)/host/%_fuzz: $(BUILD)/host/tests/fuzz/%_fuzz.o $(BUILD)/host/tests/fuzz/driver.o $(test_objects)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

$(BUILD)/fuzz/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CLANG) $(host_flags) $(host_sanitize) -fsanitize=fuzzer-no-link -MMD -c $< -o $@
$(BUILD)/fuzz/%_fuzz: $(BUILD)/fuzz/tests/fuzz/%_fuzz.o $(fuzz_objects)
	@$(CLANG) $(host_sanitize) -fsanitize=fuzzer -no-pie -o $@ $^

-include $(wildcard $(BUILD)/host/armv6/*/*/*.d $(BUILD)/host/*/*.d $(BUILD)/host/*/*/*.d $(BUILD)/fuzz/*/*.d $(BUILD)/fuzz/*/*/*.d)
.PRECIOUS: $(BUILD)/host/%.o $(BUILD)/host/armv6/%.o $(BUILD)/fuzz/%.o
.PHONY: test fuzz

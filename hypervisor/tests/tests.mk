# SPDX-License-Identifier: Apache-2.0
# Unit tests and fuzz targets: the core, the virtual devices and the virtual GIC's back end on a fake machine (arch/host). Its guests see
# `virt`, and in the tests and targets of tests/integrator_cp an Integrator/CP.
#
#   make test BUILD=/tmp/veil              -> every test under ASan and UBSan, and every fuzz target for FUZZ_SECONDS=2 without a fuzzer;
#                                             last line "N passed, N failed"
#   make fuzz BUILD=/tmp/veil SECONDS=600  -> every fuzz target for that long each, from the corpora in the tree
#   SEED=n                                 -> other random numbers for the tests that use some
CLANG ?= clang
SECONDS ?= 10

# Veil's own memcpy and friends get other names: the sanitizers bring theirs. What the sanitizers add to the tests themselves is optimised little, and
# nobody looks at variables in a debugger while they run: that is most of what compiling them takes.
host_flags = $(common) $(host_includes) $(if $(filter tests/%,$<),-Og,-O1) -g -fno-var-tracking -fno-pie -fno-omit-frame-pointer \
	-Dmemcpy=veil_memcpy -Dmemset=veil_memset -Dmemcmp=veil_memcmp
host_sanitize = -fsanitize=address,undefined -fno-sanitize-recover=all
host_shared = $(wildcard core/*.c crypto/*.c platforms/*.c arch/host/*.c) verify/development.c tests/image.c tests/bridge.c tests/network.c
# With keys: in place of the file for development. What tests sign with is in tests/keyed.
host_keyed = $(patsubst %.c,$(BUILD)/host/%.o,$(filter-out verify/development.c,$(wildcard verify/*.c)) tests/keyed/keys.c tests/keyed/signer.c)
# $(call host_objects,FOLDER,GUEST MACHINE)
host_objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(host_shared) $(wildcard platforms/$(2)/*.c arch/host/$(2)/*.c))
test_programs = $(patsubst tests/%.c,$(BUILD)/host/%,$(wildcard tests/*_test.c tests/keyed/*_test.c tests/alone/*_test.c tests/integrator_cp/*_test.c tests/armv6/*_test.c))
fuzz_targets = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c tests/fuzz/integrator_cp/*_fuzz.c tests/fuzz/armv6/*_fuzz.c))

runs = $(test_programs:=.run) $(fuzz_targets:%=$(BUILD)/host/%.run)

# What each has said, as many at a time as make is allowed jobs. A program's own summary is indented, so that the totals are counted once;
# one that ends badly after counting no failure has failed all the same.
test: $(runs)
	@passed=0; failed=0; for t in $^; do \
		summary=$$(grep -x '[0-9]* passed, [0-9]* failed' $$t | tail -n 1); end=$$(tail -n 1 $$t); \
		case "$$end" in "$${summary:-none}") ;; *) cat $$t; case "$$summary" in ""|*" 0 failed") summary="0 passed, 1 failed";; esac;; esac; \
		echo "    $$(basename $$t .run): $$summary"; \
		set -- $$summary; passed=$$((passed + $$1)); failed=$$((failed + $$3)); \
	done; echo "$$passed passed, $$failed failed"; test $$failed = 0 -a $$passed != 0

$(runs): %.run: % FORCE
	@timeout 600 $< > $@ 2>&1 || echo "ended with status $$?" >> $@

fuzz: $(fuzz_targets:%=$(BUILD)/fuzz/%)
	@failed=0; for f in $^; do \
		name=$$(basename $$f); mkdir -p $(BUILD)/fuzz/corpus/$$name; \
		$$f -max_total_time=$(SECONDS) -max_len=4096 -timeout=10 -print_final_stats=0 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/$$name- \
			$(BUILD)/fuzz/corpus/$$name tests/fuzz/corpus/$$name > $(BUILD)/fuzz/$$name.log 2>&1 \
			|| { failed=$$((failed + 1)); cat $(BUILD)/fuzz/$$name.log; }; \
	done; set -- $^; echo "$$(($$# - failed)) passed, $$failed failed"; test $$failed = 0

# Which guest machine the port at hand has does not count here.
$(BUILD)/host/% $(BUILD)/fuzz/%: guest_machine = virt
$(BUILD)/host/integrator_cp/% $(BUILD)/fuzz/integrator_cp/%: guest_machine = integrator_cp
$(BUILD)/host/% $(BUILD)/fuzz/%: host_includes = -Iarch/host -Iarch/host/$(guest_machine)

$(BUILD)/host/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) $(host_flags) $(host_sanitize) -MMD -c $< -o $@
$(BUILD)/host/integrator_cp/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) $(host_flags) $(host_sanitize) -MMD -c $< -o $@
$(BUILD)/host/%_test: $(BUILD)/host/tests/%_test.o $(call host_objects,host,virt)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
$(BUILD)/host/integrator_cp/%_test: $(BUILD)/host/integrator_cp/tests/integrator_cp/%_test.o $(call host_objects,host/integrator_cp,integrator_cp)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

$(BUILD)/host/keyed/%_test: $(BUILD)/host/tests/keyed/%_test.o $(host_keyed) $(filter-out %/verify/development.o,$(call host_objects,host,virt))
	@mkdir -p $(@D)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
# With fakes of its own for everything else.
$(BUILD)/host/alone/%_test: $(BUILD)/host/tests/alone/%_test.o $(BUILD)/host/core/lib.o
	@mkdir -p $(@D)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
# Says of cases from outside which signatures are good.
$(BUILD)/host/ed25519_verdicts: $(BUILD)/host/tests/ed25519_verdicts.o $(patsubst %,$(BUILD)/host/%.o,crypto/ed25519 crypto/sha512 core/lib core/sha256 arch/host/sha256)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
$(BUILD)/host/integrator_cp/ed25519_verdicts: $(BUILD)/host/integrator_cp/tests/ed25519_verdicts.o \
		$(patsubst %,$(BUILD)/host/integrator_cp/%.o,crypto/ed25519 crypto/sha512 core/lib core/sha256 arch/host/sha256)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

$(BUILD)/host/%_fuzz: $(BUILD)/host/tests/fuzz/%_fuzz.o $(BUILD)/host/tests/fuzz/driver.o $(call host_objects,host,virt)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
$(BUILD)/host/integrator_cp/%_fuzz: $(BUILD)/host/integrator_cp/tests/fuzz/integrator_cp/%_fuzz.o \
		$(BUILD)/host/integrator_cp/tests/fuzz/driver.o $(call host_objects,host/integrator_cp,integrator_cp)
	@$(CC) $(host_sanitize) -no-pie -o $@ $^

$(BUILD)/fuzz/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CLANG) $(host_flags) $(host_sanitize) -fsanitize=fuzzer-no-link -MMD -c $< -o $@
$(BUILD)/fuzz/integrator_cp/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CLANG) $(host_flags) $(host_sanitize) -fsanitize=fuzzer-no-link -MMD -c $< -o $@
$(BUILD)/fuzz/%_fuzz: $(BUILD)/fuzz/tests/fuzz/%_fuzz.o $(call host_objects,fuzz,virt)
	@$(CLANG) $(host_sanitize) -fsanitize=fuzzer -no-pie -o $@ $^
$(BUILD)/fuzz/integrator_cp/%_fuzz: $(BUILD)/fuzz/integrator_cp/tests/fuzz/integrator_cp/%_fuzz.o \
		$(call host_objects,fuzz/integrator_cp,integrator_cp)
	@$(CLANG) $(host_sanitize) -fsanitize=fuzzer -no-pie -o $@ $^

# ---- arch/armv6: what of it is portable C, each test with its own fakes of the rest. From an archive only what a test needs is taken. ----
armv6_units = $(patsubst %,arch/armv6/%.c,emulate guest load_store guest_by_hand p15 reach shadow shadow_forget shadow_pool shadow_quick shift stage2 walk) core/lib.c \
	$(patsubst %,tests/armv6/%.c,mmu_fake persona_fake walk_reference)
$(BUILD)/host/armv6/% $(BUILD)/fuzz/armv6/%: guest_machine = integrator_cp
$(BUILD)/host/armv6/% $(BUILD)/fuzz/armv6/%: host_includes = -Iarch/armv6
$(BUILD)/host/armv6/% $(BUILD)/fuzz/armv6/%: board_header = veil/board_n800.h
$(BUILD)/host/armv6/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) $(host_flags) $(host_sanitize) -MMD -c $< -o $@
$(BUILD)/host/armv6/units.a: $(patsubst %.c,$(BUILD)/host/armv6/%.o,$(armv6_units))
	@rm -f $@; ar rcs $@ $^
$(BUILD)/host/armv6/%_test: $(BUILD)/host/armv6/tests/armv6/%_test.o $(BUILD)/host/armv6/units.a
	@$(CC) $(host_sanitize) -no-pie -o $@ $(filter %.o,$^) $(filter %.a,$^)
# The others' fake persona stands for it.
$(BUILD)/host/armv6/blizzard_view_test: $(BUILD)/host/armv6/devices/blizzard_view.o
$(BUILD)/host/armv6/card_source_test: $(BUILD)/host/armv6/devices/card_source.o
$(BUILD)/host/armv6/%_fuzz: $(BUILD)/host/armv6/tests/fuzz/armv6/%_fuzz.o $(BUILD)/host/armv6/tests/fuzz/driver.o $(BUILD)/host/armv6/units.a
	@$(CC) $(host_sanitize) -no-pie -o $@ $^
$(BUILD)/fuzz/armv6/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@$(CLANG) $(host_flags) $(host_sanitize) -fsanitize=fuzzer-no-link -MMD -c $< -o $@
$(BUILD)/fuzz/armv6/units.a: $(patsubst %.c,$(BUILD)/fuzz/armv6/%.o,$(armv6_units))
	@rm -f $@; ar rcs $@ $^
$(BUILD)/fuzz/armv6/%_fuzz: $(BUILD)/fuzz/armv6/tests/fuzz/armv6/%_fuzz.o $(BUILD)/fuzz/armv6/units.a
	@$(CLANG) $(host_sanitize) -fsanitize=fuzzer -no-pie -o $@ $^

-include $(patsubst %.o,%.d,$(shell find $(BUILD)/host $(BUILD)/fuzz -name '*.o' 2>/dev/null))
.PRECIOUS: $(BUILD)/host/%.o $(BUILD)/host/integrator_cp/%.o $(BUILD)/host/armv6/%.o $(BUILD)/fuzz/%.o $(BUILD)/fuzz/integrator_cp/%.o $(BUILD)/fuzz/armv6/%.o
.PHONY: test fuzz FORCE

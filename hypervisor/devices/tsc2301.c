/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and touch of the N800: the TSC2301 behind SPI (TI SBAS242; McSPI: TI SWPU064, chapter 20), and the power key, which is Retu's.
 *
 * A key that goes down and a finger that comes interrupt; what follows, and that they go, is looked at every POLL_US as long as there are
 * any. Keys are what their signs say (home, menu, back, louder), so that sequences of them mean the same on every phone. */
#include <veil/input_source.h>
#include <veil/mmio.h>

#include "arch/armv6/window.h"
#include "core/input.h"
#include "core/lib.h"
#include "core/mux.h"
#include "core/units.h"
#include "retu.h"

enum {
	SPI_MODULE = WINDOW_SPI + 0x28,
	SPI_CONFIG = WINDOW_SPI + 0x2c,
	SPI_STATUS = WINDOW_SPI + 0x30,
	SPI_ENABLE = WINDOW_SPI + 0x34,
	SPI_SEND = WINDOW_SPI + 0x38,
	SPI_RECEIVED = WINDOW_SPI + 0x3c,
	GPIO_IRQ_STATUS = WINDOW_KEYS_GPIO + 0x18,
	GPIO_IN = WINDOW_KEYS_GPIO + 0x38,
	GPIO_RISING = WINDOW_KEYS_GPIO + 0x48,
	GPIO_FALLING = WINDOW_KEYS_GPIO + 0x4c,
	GPIO_IRQ_DISABLE = WINDOW_KEYS_GPIO + 0x60,
	GPIO_IRQ_ENABLE = WINDOW_KEYS_GPIO + 0x64
};

#define MODULE_SINGLE_MASTER 1
#define CONFIG_SELECTED (1 << 20)
#define CONFIG_16_BITS (15 << 7 | 1 << 6 | 1 << 16 | 4 << 2) /* words of 16, chip select low, in on the other pin, 48 MHz / 16 */
#define STATUS_RECEIVED 1
#define SPI_LOOKS 200 /* of 100 ns or more, while a word takes 5 us; six words of which none comes stay below 5,000 instructions */

#define PIN_TOUCH (1U << 7) /* GPIO 103, low: a place has been measured */
#define PIN_RETU (1U << 12) /* GPIO 108 */
#define PIN_KEYS (1U << 13) /* GPIO 109, falls when a key goes down */

/* Registers of the TSC2301: page and number */
#define REGISTER(page, number) ((page) << 11 | (number) << 5)
#define READ 0x8000
#define TOUCH_X REGISTER(0, 0)
#define TOUCH_Y REGISTER(0, 1)
#define KEYS REGISTER(0, 4)
#define CONVERTER REGISTER(1, 0)
#define CONVERTER_BY_TOUCH (0x8000 | 1 << 10 | 3 << 8 | 3 << 6 | 1 << 4) /* X and Y while touched, of 12 bits, the mean of 16, at 4 MHz */
#define CONVERTER_TOUCHED 0x8000 /* when read */

#define POLL_US 20000
#define KEYBOARD 0
#define TABLET 1
#define ABS_X 0
#define ABS_Y 1
#define BTN_TOUCH 0x14a
#define KEY_POWER 116
#define TOUCH_MAX 0x7fff

/* Linux key codes of the bits of KEYS; 0: there is no such key. */
static const uint16_t key_codes[16] = {0,   103, 102, 0, 105, 28,  106, 0, /* up, home, left, enter, right */
				       158, 108, 139, 0, 114, 372, 115, 0}; /* back, down, menu, quieter, whole screen, louder */

static struct {
	uint32_t keys; /* that are down */
	bool power; /* so is this one */
	bool touched;
	uint32_t place[2];
	uint64_t poll_at; /* UINT64_MAX: nothing is down */
} input;

/* 0 from a bus that does not answer: no key is down then, and nothing touches. */
static uint32_t transfer(uint32_t word)
{
	mmio_write32(SPI_SEND, word);
	for (uint32_t i = 0; i < SPI_LOOKS; i++)
		if (mmio_read32(SPI_STATUS) & STATUS_RECEIVED)
			return mmio_read32(SPI_RECEIVED);
	return 0;
}

static uint32_t exchange(uint32_t command, uint32_t value)
{
	uint32_t answer;

	mmio_write32(SPI_CONFIG, CONFIG_16_BITS | CONFIG_SELECTED);
	transfer(command);
	answer = transfer(value);
	mmio_write32(SPI_CONFIG, CONFIG_16_BITS);
	return answer;
}

static void event(uint32_t source, uint16_t type, uint32_t code, uint32_t value)
{
	input_event(source, (struct input_event){.type = type, .code = (uint16_t)code, .value = value});
}

static void key(uint32_t code, bool is_down)
{
	event(KEYBOARD, EV_KEY, code, is_down);
	event(KEYBOARD, EV_SYN, 0, 0);
}

static void keys_look(void)
{
	uint32_t now = exchange(READ | KEYS, 0), changed = now ^ input.keys;

	input.keys = now;
	for (uint32_t i = 0; i < ARRAY_COUNT(key_codes); i++)
		if ((changed >> i & 1) && key_codes[i])
			key(key_codes[i], now >> i & 1);
}

static void power_look(void)
{
	bool is_down = retu_power_key();

	if (is_down != input.power)
		key(KEY_POWER, is_down);
	input.power = is_down;
}

static void place_set(uint32_t axis, int32_t pixel, int32_t count)
{
	int32_t inside = pixel < 0 ? 0 : pixel < count ? pixel : count - 1;
	uint32_t place = (uint32_t)inside * TOUCH_MAX / (uint32_t)(count - 1);

	if (place != input.place[axis] || !input.touched)
		event(TABLET, EV_ABS, axis, place);
	input.place[axis] = place;
}

/* Reading the place begins the next measurement, or, when nothing touches, lets the next touch interrupt. It interrupts once: from there on
 * we look, until the finger is gone. */
static void touch_look(void)
{
	bool is_touched = exchange(READ | CONVERTER, 0) & CONVERTER_TOUCHED;
	bool is_measured = !(mmio_read32(GPIO_IN) & PIN_TOUCH);
	int32_t x = (int32_t)exchange(READ | TOUCH_X, 0), y = (int32_t)exchange(READ | TOUCH_Y, 0);

	if (is_touched == input.touched && !(is_touched && is_measured))
		return;
	if (is_touched) { /* the N800's own calibration, as it leaves the factory: pixels from what is measured */
		place_set(ABS_X, (14560 * x - 68 * y - 3455208) >> 16, BOARD_DISPLAY_WIDTH);
		place_set(ABS_Y, (-39 * x - 9621 * y + 35152972) >> 16, BOARD_DISPLAY_HEIGHT);
	}
	if (is_touched != input.touched)
		event(TABLET, EV_KEY, BTN_TOUCH, is_touched);
	event(TABLET, EV_SYN, 0, 0);
	input.touched = is_touched;
	mmio_write32(is_touched ? GPIO_IRQ_DISABLE : GPIO_IRQ_ENABLE, PIN_TOUCH);
}

static void poll_later(void)
{
	input.poll_at = UINT64_MAX;
	if (!input.keys && !input.touched)
		return;
	input.poll_at = arch_time() + us_to_ticks(POLL_US);
	mux_flush_by(input.poll_at);
}

void input_source_init(void)
{
	input.poll_at = UINT64_MAX;
	mmio_write32(SPI_MODULE, MODULE_SINGLE_MASTER);
	mmio_write32(SPI_CONFIG, CONFIG_16_BITS);
	mmio_write32(SPI_ENABLE, 1);
	exchange(CONVERTER, CONVERTER_BY_TOUCH);
	retu_power_key_enable();
	mmio_write32(GPIO_FALLING, PIN_TOUCH | PIN_KEYS);
	mmio_write32(GPIO_RISING, PIN_RETU);
	mmio_write32(GPIO_IRQ_STATUS, UINT32_MAX);
	mmio_write32(GPIO_IRQ_ENABLE, PIN_TOUCH | PIN_KEYS | PIN_RETU);
	arch_interrupt_enable(BOARD_INPUT_IRQ);
}

bool input_source_interrupt(uint32_t irq)
{
	uint32_t pins;

	if (irq != BOARD_INPUT_IRQ)
		return false;
	pins = mmio_read32(GPIO_IRQ_STATUS);
	mmio_write32(GPIO_IRQ_STATUS, pins);
	if (pins & PIN_RETU)
		power_look();
	if (pins & PIN_KEYS)
		keys_look();
	if (pins & PIN_TOUCH)
		touch_look();
	poll_later();
	return true;
}

void input_source_step(uint64_t now)
{
	if (now < input.poll_at) {
		if (input.poll_at != UINT64_MAX)
			mux_flush_by(input.poll_at);
		return;
	}
	if (input.keys)
		keys_look();
	if (input.touched)
		touch_look();
	poll_later();
}

/* ---- What the devices say of themselves (virtio 1.2, 5.8.5) ---- */

#define SELECT_NAME 1
#define SELECT_PROPERTIES 0x10
#define SELECT_EVENT_BITS 0x11
#define SELECT_ABSOLUTE 0x12
#define PROPERTY_DIRECT 2 /* bit 1: INPUT_PROP_DIRECT */

static uint32_t bit_set(uint8_t *data, uint32_t bit)
{
	data[bit / 8] |= (uint8_t)(1 << bit % 8);
	return bit / 8 + 1;
}

static uint32_t keyboard_config(uint8_t select, uint8_t subselect, uint8_t *data)
{
	uint32_t size = 0;

	if (select == SELECT_EVENT_BITS && subselect == EV_KEY) {
		for (uint32_t i = 0; i < ARRAY_COUNT(key_codes); i++)
			if (key_codes[i])
				bit_set(data, key_codes[i]);
		bit_set(data, KEY_POWER);
		size = 372 / 8 + 1; /* of the highest */
	}
	return size;
}

static uint32_t tablet_config(uint8_t select, uint8_t subselect, uint8_t *data)
{
	if (select == SELECT_PROPERTIES) {
		data[0] = PROPERTY_DIRECT;
		return 1;
	}
	if (select == SELECT_EVENT_BITS && subselect == EV_KEY)
		return bit_set(data, BTN_TOUCH);
	if (select == SELECT_EVENT_BITS && subselect == EV_ABS) {
		data[0] = 1 << ABS_X | 1 << ABS_Y;
		return 1;
	}
	if (select == SELECT_ABSOLUTE && subselect <= ABS_Y) {
		data[4] = (uint8_t)TOUCH_MAX; /* from 0; no noise, no units */
		data[5] = TOUCH_MAX >> 8;
		return 20;
	}
	return 0;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	if (select == SELECT_NAME) {
		const char *name = source == TABLET ? "touch screen" : "phone keys";
		uint32_t size = source == TABLET ? 12 : 10;

		memcpy(data, name, size);
		return size;
	}
	return source == TABLET ? tablet_config(select, subselect, data) : keyboard_config(select, subselect, data);
}

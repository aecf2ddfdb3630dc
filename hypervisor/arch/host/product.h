/* SPDX-License-Identifier: Apache-2.0 */
/* As the compiler makes them of any machine with numbers of twice the width. */
#include "arch/arm64/product.h"

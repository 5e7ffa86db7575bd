/*
 * replay.c
 *		Runs a fuzz target, linked with this instead of libFuzzer, once over each file named as an argument.
 */
#include "kernel/kernel.h"

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
	{
		FILE *file = fopen(argv[i], "rb");
		uint8 *bytes;
		size_t size;

		if (file == NULL || fseek(file, 0, SEEK_END) != 0)
			abort();
		size = (size_t) ftell(file);
		rewind(file);
		bytes = malloc(size + 1);
		if (bytes == NULL || fread(bytes, 1, size, file) != size)
			abort();
		fclose(file);
		LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
	}
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause

// A program as one writes it for bpf2go: nothing in it knows who made the other files.
package main

import (
	"fmt"
	"os"
	"reflect"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func test(program *ebpf.Program) uint32 {
	verdict, _, err := program.Test(make([]byte, 64))
	must(err)
	return verdict
}

// Where each field is, also of types in types.
func layout(t reflect.Type, name string) {
	fmt.Println("layout:", name, t.Kind(), t.Size())
	switch t.Kind() {
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			field := t.Field(i)
			fmt.Println("layout:", name, field.Name, field.Offset)
			layout(field.Type, name+"."+field.Name)
		}
	case reflect.Array:
		layout(t.Elem(), name+"[]")
	}
}

func globals() {
	spec, err := loadGlobals()
	must(err)
	must(spec.RewriteConstants(map[string]interface{}{"wanted": uint32(7)}))
	var objects struct {
		Count *ebpf.Program `ebpf:"count"`
		Bss   *ebpf.Map     `ebpf:".bss"`
	}
	must(spec.LoadAndAssign(&objects, nil))
	defer objects.Count.Close()
	defer objects.Bss.Close()
	verdict := test(objects.Count)
	test(objects.Count)
	test(objects.Count)
	var bss []byte
	must(objects.Bss.Lookup(uint32(0), &bss))
	fmt.Printf("globals: wanted %d, counted %d\n", verdict, bss[0])

	var all globalsObjects
	must(loadGlobalsObjects(&all, nil))
	fmt.Println("globals: without a change", test(all.Count))
	must(all.Close())
}

func structs() {
	var objects structsObjects
	must(loadStructsObjects(&objects, nil))
	defer objects.Close()
	key := structsFlowKey{Port: 80, Proto: 6}
	value := structsFlowValue{Type: 1, Packets: 41, Flag: true}
	value.Name = structsNameOf("eth0")
	must(objects.FlowTable.Put(key, value))
	fmt.Println("structs: verdict", test(objects.SeeFlow))
	must(objects.FlowTable.Lookup(key, &value))
	fmt.Println("structs:", value.Type, value.Packets, value.Pairs[1].Second, value.At.Y, value.Verdict,
		value.Verdict == structsVerdictVERDICT_dropIt, value.SignedShort, value.Name)
	must(objects.Pairs.Put(uint32(1), structsPairT{First: 3, Second: 4}))
	var pair structsPairT
	must(objects.Pairs.Lookup(uint32(1), &pair))
	fmt.Println("structs:", pair.First, pair.Second)
	must(objects.ByVerdict.Put(structsVerdictVERDICT_LAST, structsAddress{V4: 0x7f000001}))
	var address structsAddress
	must(objects.ByVerdict.Lookup(structsVerdictVERDICT_LAST, &address))
	fmt.Println("structs:", address.V4)
	layout(reflect.TypeOf(key), "key")
	layout(reflect.TypeOf(value), "value")
	layout(reflect.TypeOf(pair), "pair")
	layout(reflect.TypeOf(address), "address")
}

func structsNameOf(name string) (ret [6]int8) {
	for i := range name {
		ret[i] = int8(name[i])
	}
	return ret
}

func programs() {
	specs := programsSpecs{}
	spec, err := loadPrograms()
	must(err)
	must(spec.Assign(&specs))
	fmt.Println("programs:", specs.XdpPass.Type, specs.XdpDropAll.Type, specs.Classify.Type, specs.Hits.Type)
	var loaded programsPrograms
	must(loadProgramsObjects(&loaded, nil))
	fmt.Println("programs:", test(loaded.XdpPass), test(loaded.XdpDropAll), test(loaded.Classify))
	must(loaded.Close())
	var maps programsMaps
	must(loadProgramsObjects(&maps, nil))
	fmt.Println("programs:", maps.Hits.MaxEntries())
	must(maps.Close())
}

func main() {
	must(rlimit.RemoveMemlock())
	globals()
	structs()
	programs()
}
